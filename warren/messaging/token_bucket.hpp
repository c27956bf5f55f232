// Rate limits: a bucket that fills steadily and that each message takes a token from; and one bucket per
// peer.
#pragma once

#include <algorithm>
#include <unordered_map>

#include "warren/base/time.hpp"
#include "warren/crypto/peer_id.hpp"

namespace warren {

class TokenBucket {
 public:
  // Full at first. Both are above 0.
  TokenBucket(double per_second, double burst, Instant now)
      : per_second_(per_second), burst_(burst), tokens_(burst), filled_at_(now) {}

  // Takes `tokens` if that many are there.
  bool take(Instant now, double tokens = 1) {
    fill(now);
    if (tokens_ < tokens) return false;
    tokens_ -= tokens;
    return true;
  }

  bool is_full(Instant now) const {
    TokenBucket later = *this;
    later.fill(now);
    return later.tokens_ >= burst_;
  }

 private:
  void fill(Instant now) {
    if (now <= filled_at_) return;
    const double seconds = std::chrono::duration<double>(now - filled_at_).count();
    tokens_ = std::min(burst_, tokens_ + seconds * per_second_);
    filled_at_ = now;
  }

  double per_second_;
  double burst_;
  double tokens_;
  Instant filled_at_;
};

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
