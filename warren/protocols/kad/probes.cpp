#include "warren/protocols/kad/probes.hpp"

#include <algorithm>

#include "warren/async/as_result.hpp"
#include "warren/protocols/kad/limits.hpp"

namespace warren::kad {

namespace {

// Says nothing of the peer's health: our own limits, or a peer that is busy.
bool is_neutral(std::error_code error) {
  return error == Errc::kLimitReached || error == Errc::kCanceled || error == Errc::kRateLimited ||
         error == Errc::kReset;
}

// It may have been an accident, as long as the connection stands.
bool may_pass(std::error_code error) {
  return error == Errc::kTimedOut || error == Errc::kEndOfStream || error == Errc::kClosed;
}

}  // namespace

Probes::Probes(Host& host, const Config& config, Members& members, Rpc& rpc)
    : host_(host),
      config_(config),
      members_(members),
      rpc_(rpc),
      tasks_(host.env().executor, "kad.probes"),
      alarm_(host.env().clock, tasks_, changed_) {}

void Probes::start() {
  subscriptions_.push_back(members_.entered().subscribe([this](const PeerId& peer) {
    watched_.try_emplace(peer, Watch{.due = host_.env().clock.now() + config_.probe_interval});
    changed_.notify_all();
  }));
  subscriptions_.push_back(
      members_.left().subscribe([this](const PeerId& peer, std::error_code) { watched_.erase(peer); }));
  subscriptions_.push_back(host_.events().disconnected.subscribe(
      [this](const ConnectionPtr& connection) { disconnected(connection); }));
  tasks_.spawn(run());
}

Task<void> Probes::close() {
  subscriptions_.clear();
  co_await tasks_.close();
}

void Probes::heard(const PeerId& peer) {
  const auto watch = watched_.find(peer);
  if (watch == watched_.end()) return;
  watch->second.due = host_.env().clock.now() + config_.probe_interval;
  watch->second.strikes = 0;
}

void Probes::failed(const PeerId& peer, std::error_code error) {
  const auto watch = watched_.find(peer);
  if (watch == watched_.end()) return;
  const Instant now = host_.env().clock.now();
  if (is_neutral(error)) {
    watch->second.due = now + config_.probe_interval;
  } else if (may_pass(error) && !host_.connections(peer).empty() && watch->second.strikes == 0) {
    ++watch->second.strikes;
    watch->second.due = std::min(watch->second.due, now + kSuspectPause);
    changed_.notify_all();
  } else {
    members_.remove(peer, error);
  }
}

// In good order: the other side has closed it to make room. Otherwise its process may be dead.
void Probes::disconnected(const ConnectionPtr& connection) {
  const PeerId& peer = connection->remote_peer();
  rpc_.idle().drop(peer);
  if (connection->end_reason() == Errc::kClosed || !host_.connections(peer).empty()) return;
  const auto watch = watched_.find(peer);
  if (watch == watched_.end()) return members_.remove(peer, connection->end_reason());
  watch->second.due = host_.env().clock.now() + kProbePause;
  changed_.notify_all();
}

std::unordered_map<PeerId, Probes::Watch>::iterator Probes::next_due() {
  auto next = watched_.end();
  for (auto at = watched_.begin(); at != watched_.end(); ++at) {
    if (at->second.probing) continue;
    // Equal ones in the order of their names, so that a simulation takes the same course each time.
    if (next == watched_.end() ||
        std::tie(at->second.due, at->first) < std::tie(next->second.due, next->first)) {
      next = at;
    }
  }
  return next;
}

Task<void> Probes::run() {
  Clock& clock = host_.env().clock;
  while (true) {
    const auto next = next_due();
    if (next == watched_.end() || under_way_ >= kProbesMax) {
      co_await changed_.wait();
    } else if (next->second.due > clock.now()) {
      alarm_.set(next->second.due);
      co_await changed_.wait();
    } else {
      next->second.probing = true;
      ++under_way_;
      tasks_.spawn(probe_due(next->first));
      co_await clock.sleep_for(kProbePause);
    }
  }
}

Task<void> Probes::probe_due(PeerId peer) {
  co_await probe(peer);
  --under_way_;
  if (const auto watch = watched_.find(peer); watch != watched_.end()) watch->second.probing = false;
  changed_.notify_all();
}

Task<bool> Probes::probe(PeerId peer) {
  const BytesView own = host_.peer_id().bytes();
  Message question{.type = MessageType::kFindNode, .key = to_bytes(own)};
  PeerInfo info{peer, {}};  // what the peerstore knows of it
  const auto answer = co_await as_result(rpc_.ask(std::move(info), std::move(question)));
  co_return answer.has_value() || is_neutral(answer.error());
}

}  // namespace warren::kad
