// A rate limit for each peer, or each of anything else that sends: one bucket of tokens per key.
#pragma once

#include <unordered_map>

#include "warren/base/token_bucket.hpp"
#include "warren/crypto/peer_id.hpp"

namespace warren {

// A bucket that is full is as good as none and is forgotten, so reconnecting gains nothing.
template <class Key, class Hash = std::hash<Key>>
class KeyedBuckets {
 public:
  KeyedBuckets(double per_second, double burst, std::size_t keys_max)
      : per_second_(per_second), burst_(burst), keys_max_(keys_max) {}

  // False when this one is over its rate, or when it is new and there are too many busy ones.
  bool take(const Key& key, Instant now, double tokens = 1) {
    auto found = buckets_.find(key);
    if (found == buckets_.end()) {
      if (buckets_.size() >= keys_max_) {
        std::erase_if(buckets_, [now](const auto& entry) { return entry.second.is_full(now); });
        if (buckets_.size() >= keys_max_) return false;
      }
      found = buckets_.emplace(key, TokenBucket(per_second_, burst_, now)).first;
    }
    return found->second.take(now, tokens);
  }

  // A token that was taken from this one on behalf of somebody else.
  void give_back(const Key& key) {
    if (const auto found = buckets_.find(key); found != buckets_.end()) found->second.give_back();
  }

  // Whether take() would succeed.
  bool has(const Key& key, Instant now) const {
    const auto found = buckets_.find(key);
    if (found == buckets_.end()) return true;
    TokenBucket copy = found->second;
    return copy.take(now);
  }

  std::size_t size() const { return buckets_.size(); }

 private:
  double per_second_;
  double burst_;
  std::size_t keys_max_;
  std::unordered_map<Key, TokenBucket, Hash> buckets_;
};

using PeerBuckets = KeyedBuckets<PeerId>;

}  // namespace warren
