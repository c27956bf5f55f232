#include "warren/protocols/pubsub/router/seen_cache.hpp"

namespace warren::pubsub {

bool SeenCache::insert(Fingerprint message, Instant now) {
  if (!seen_.emplace(message, now).second) return false;
  by_age_.push_back({message, now});
  if (by_age_.size() > max_) forget_oldest();
  return true;
}

void SeenCache::forget_oldest() {
  // Not if it was erased and has come again since.
  const auto found = seen_.find(by_age_.front().message);
  if (found != seen_.end() && found->second == by_age_.front().at) seen_.erase(found);
  by_age_.pop_front();
}

void SeenCache::expire(Instant now) {
  while (!by_age_.empty() && now - by_age_.front().at >= ttl_) forget_oldest();
}

}  // namespace warren::pubsub
