// Which messages have come already: for so long, and at most so many.
#pragma once

#include <deque>
#include <unordered_map>

#include "warren/base/time.hpp"
#include "warren/protocols/pubsub/router/fingerprint.hpp"

namespace warren::pubsub {

class SeenCache {
 public:
  // Over `max` the oldest are forgotten.
  SeenCache(Duration ttl, std::size_t max) : ttl_(ttl), max_(max) {}

  // False: it is there already; its time is not prolonged.
  bool insert(Fingerprint message, Instant now);
  bool contains(Fingerprint message) const { return seen_.contains(message); }
  void erase(Fingerprint message) { seen_.erase(message); }
  void expire(Instant now);
  std::size_t size() const { return seen_.size(); }

 private:
  void forget_oldest();

  struct Entry {
    Fingerprint message;
    Instant at;
  };

  Duration ttl_;
  std::size_t max_;
  std::unordered_map<Fingerprint, Instant, FingerprintHash> seen_;
  std::deque<Entry> by_age_;  // with those that were erased
};

}  // namespace warren::pubsub
