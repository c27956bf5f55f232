// How often each peer may do what costs us more than it costs him: one bucket of tokens for each.
#pragma once

#include <unordered_map>

#include "warren/base/token_bucket.hpp"
#include "warren/crypto/peer_id.hpp"

namespace warren::kad {

// A bucket that is full is as good as none and is forgotten, so connecting anew gains nothing.
class PeerRates {
 public:
  PeerRates(double per_second, double burst, std::size_t peers_max)
      : per_second_(per_second), burst_(burst), peers_max_(peers_max) {}

  // False when this peer is over its rate, or when it is new and too many others are busy.
  bool take(const PeerId& peer, Instant now) {
    if (!buckets_.contains(peer) && buckets_.size() >= peers_max_) {
      std::erase_if(buckets_, [now](const auto& entry) { return entry.second.is_full(now); });
      if (buckets_.size() >= peers_max_) return false;
    }
    return buckets_.try_emplace(peer, per_second_, burst_, now).first->second.take(now);
  }

 private:
  double per_second_;
  double burst_;
  std::size_t peers_max_;
  std::unordered_map<PeerId, TokenBucket> buckets_;
};

}  // namespace warren::kad
