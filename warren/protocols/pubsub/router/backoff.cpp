#include "warren/protocols/pubsub/router/backoff.hpp"

#include <algorithm>

namespace warren::pubsub {

Duration told_backoff(std::optional<std::uint64_t> seconds, Duration otherwise, Duration max) {
  if (!seconds || *seconds == 0) return std::min(otherwise, max);
  const auto max_s =
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(max).count());
  if (*seconds >= max_s) return max;  // before it becomes nanoseconds, which would overflow
  return std::chrono::seconds(static_cast<std::int64_t>(*seconds));
}

void Backoffs::add(const PeerId& peer, Duration duration, Instant now) {
  const auto found = peers_.find(peer);
  if (found != peers_.end()) {
    found->second.crossed = found->second.crossed && now < found->second.until;
    found->second.since = now;
    found->second.until = std::max(found->second.until, now + duration);
    return;
  }
  if (peers_.size() >= max_) {
    peers_.erase(std::ranges::min_element(peers_, {}, [](const auto& entry) { return entry.second.until; }));
  }
  peers_.emplace(peer, Backoff{now, now + duration});
}

std::optional<Backoffs::Backoff> Backoffs::running(const PeerId& peer, Instant now) const {
  const auto found = peers_.find(peer);
  if (found == peers_.end() || now >= found->second.until) return std::nullopt;
  return found->second;
}

bool Backoffs::forgive_crossing(const PeerId& peer, Duration journey, Instant now) {
  const auto found = peers_.find(peer);
  if (found == peers_.end() || found->second.crossed || now - found->second.since >= journey) return false;
  found->second.crossed = true;
  return true;
}

bool Backoffs::forbids_graft(const PeerId& peer, Duration slack, Instant now) const {
  const auto found = peers_.find(peer);
  return found != peers_.end() && now < found->second.until + slack;
}

void Backoffs::expire(Duration slack, Instant now) {
  std::erase_if(peers_, [&](const auto& entry) { return now >= entry.second.until + slack; });
}

}  // namespace warren::pubsub
