// A rate limit for each peer: one bucket of tokens per peer.
#pragma once

#include <unordered_map>

#include "warren/base/token_bucket.hpp"
#include "warren/crypto/peer_id.hpp"

namespace warren {

// A bucket that is full is as good as none and is forgotten, so reconnecting gains nothing.
class PeerBuckets {
 public:
  PeerBuckets(double per_second, double burst, std::size_t peers_max)
      : per_second_(per_second), burst_(burst), peers_max_(peers_max) {}

  // False when this peer is over its rate, or when it is new and there are too many busy peers.
  bool take(const PeerId& peer, Instant now, double tokens = 1) {
    auto found = buckets_.find(peer);
    if (found == buckets_.end()) {
      if (buckets_.size() >= peers_max_) {
        std::erase_if(buckets_, [now](const auto& entry) { return entry.second.is_full(now); });
        if (buckets_.size() >= peers_max_) return false;
      }
      found = buckets_.emplace(peer, TokenBucket(per_second_, burst_, now)).first;
    }
    return found->second.take(now, tokens);
  }

  std::size_t size() const { return buckets_.size(); }

 private:
  double per_second_;
  double burst_;
  std::size_t peers_max_;
  std::unordered_map<PeerId, TokenBucket> buckets_;
};

}  // namespace warren
