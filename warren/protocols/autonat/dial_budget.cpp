#include "warren/protocols/autonat/dial_budget.hpp"

#include <algorithm>

namespace warren::autonat {

void DialBudget::forget_old(Instant now) {
  while (!taken_.empty() && taken_.front().at + kBudgetWindow <= now) taken_.pop_front();
  while (!foreign_.empty() && foreign_.front().at + kBudgetWindow <= now) foreign_.pop_front();
  dials_.set_used(taken_.size());
}

bool DialBudget::begin(const PeerId& peer, const IpAddress& from, Instant now) {
  forget_old(now);
  if (taken_.size() >= dials_.max() || running_total_ >= kParallelMax) {
    dials_.refuse();
    return false;
  }
  const auto of_peer = static_cast<std::uint64_t>(std::ranges::count(taken_, peer, &Taken::peer));
  const auto of_ip = static_cast<std::uint64_t>(std::ranges::count(taken_, from, &Taken::from));
  const auto running = running_.find(peer);
  const bool busy = running != running_.end() && running->second >= kParallelPerPeerMax;
  if (busy || of_peer >= per_peer_.max() || of_ip >= kPeersPerIp * per_peer_.max()) {
    per_peer_.refuse();
    return false;
  }
  taken_.push_back({now, peer, from});
  ++running_[peer];
  ++running_total_;
  dials_.set_used(taken_.size());
  per_peer_.set_used(std::max(per_peer_.used(), of_peer + 1));
  return true;
}

void DialBudget::end(const PeerId& peer) {
  const auto running = running_.find(peer);
  if (running == running_.end()) return;
  --running_total_;
  if (--running->second == 0) running_.erase(running);
}

bool DialBudget::take_foreign(const IpAddress& target, Instant now) {
  forget_old(now);
  const auto of_target = static_cast<std::size_t>(std::ranges::count(foreign_, target, &Foreign::target));
  if (foreign_.size() >= kForeignDialsMax || of_target >= kForeignDialsPerIpMax) {
    dials_.refuse();
    return false;
  }
  foreign_.push_back({now, target});
  return true;
}

}  // namespace warren::autonat
