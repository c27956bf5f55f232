#include "warren/messaging/replay_window.hpp"

#include <algorithm>

namespace warren {
namespace {

// Looking through all senders for idle ones is done this often at most.
constexpr Duration kNonceSweepInterval = std::chrono::seconds(5);

}  // namespace

ReplayWindow::ReplayWindow(const MessagingLimits& limits)
    : limits_(limits), lifetime_(limits.past_max + limits.future_max) {}

void ReplayWindow::expire(Sender& sender, Instant now) {
  while (!sender.order.empty() && sender.order.front().expires <= now) {
    sender.nonces.erase(sender.order.front().nonce);
    sender.order.pop_front();
    --nonces_;
  }
}

// A sender not heard of for so long that all its messages would be too old needs no window.
void ReplayWindow::forget_idle_senders(Instant now) {
  if (now < next_sweep_) return;
  next_sweep_ = now + kNonceSweepInterval;
  for (auto at = senders_.begin(); at != senders_.end();) {
    expire(at->second, now);
    at = at->second.order.empty() && at->second.heard + lifetime_ <= now ? senders_.erase(at) : std::next(at);
  }
}

bool ReplayWindow::has_room_for_a_sender(Instant now) {
  // The last eighth is for senders that are known: newcomers are refused first.
  const auto is_full = [this] {
    return senders_.size() >= limits_.senders_max ||
           nonces_ >= limits_.total_nonces_max - limits_.total_nonces_max / 8;
  };
  if (is_full()) forget_idle_senders(now);
  return !is_full();
}

Result<> ReplayWindow::check(const Header& header, Instant now) {
  const auto found = senders_.find(header.sender);
  if (found == senders_.end()) {
    return has_room_for_a_sender(now) ? Result<>{} : fail(Errc::kLimitReached);
  }
  Sender& sender = found->second;
  expire(sender, now);
  if (sender.nonces.contains(header.nonce)) return fail(Errc::kReplayed);
  for (const auto& process : sender.processes) {
    if (process.epoch == header.epoch && !process.window.is_fresh(header.seq)) return fail(Errc::kReplayed);
  }
  if (sender.nonces.size() >= limits_.sender_nonces_max) return fail(Errc::kRateLimited);
  if (nonces_ >= limits_.total_nonces_max) {
    forget_idle_senders(now);
    if (nonces_ >= limits_.total_nonces_max) return fail(Errc::kLimitReached);
  }
  return {};
}

Result<> ReplayWindow::remember(const Header& header, Instant now) {
  if (const auto fresh = check(header, now); !fresh) return fresh;
  Sender& sender = senders_[header.sender];
  sender.heard = now;
  sender.nonces.insert(header.nonce);
  sender.order.push_back({now + lifetime_, header.nonce});
  ++nonces_;

  auto& processes = sender.processes;
  const auto same_epoch = [&](const Sender::Process& process) { return process.epoch == header.epoch; };
  if (const auto at = std::ranges::find_if(processes, same_epoch); at != processes.end()) {
    std::rotate(at, at + 1, processes.end());
  } else {
    if (processes.size() >= limits_.sender_epochs_max) processes.erase(processes.begin());
    processes.push_back({header.epoch, {}});
  }
  processes.back().window.use(header.seq);
  return {};
}

}  // namespace warren
