#include "warren/protocols/pubsub/router/promises.hpp"

namespace warren::pubsub {

void Promises::add(const PeerId& peer, Fingerprint message, Instant now) {
  if (by_age_.size() >= max_) return;
  by_age_.push_back({message, peer, now + followup_});
  ++open_[message];
}

std::vector<PeerId> Promises::take_broken(Instant now) {
  std::vector<PeerId> broken;
  for (; !by_age_.empty() && now >= by_age_.front().until; by_age_.pop_front()) {
    const auto open = open_.find(by_age_.front().message);
    if (open == open_.end()) continue;
    broken.push_back(by_age_.front().peer);
    if (--open->second == 0) open_.erase(open);
  }
  return broken;
}

}  // namespace warren::pubsub
