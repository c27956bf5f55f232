#include "warren/protocols/pubsub/router/stagger.hpp"

#include <algorithm>

#include "warren/base/assert.hpp"

namespace warren::pubsub {
namespace {

// From here a copy costs more than the time that it saves.
constexpr std::size_t kLarge = 32 * 1024;
// Found by simulation of 300 and 1,000 nodes with D = 8, 10 to 150 ms from one to another (test/sim/gossip):
// 3.7 copies a node at 4 KiB and 1.8 at 64 KiB, and the slowest of a hundred is not twice as late as when all
// is sent at once.
constexpr std::size_t kFirst = 5;
constexpr std::size_t kNext = 3;
constexpr std::size_t kFirstLarge = 3;
constexpr std::size_t kNextLarge = 1;

constexpr double kPaceStep = 1.1;
constexpr double kPaceMin_ms = 1;
constexpr double kPaceMax_ms = 1000;
constexpr double kIntervalInPaces = 4;

}  // namespace

void SpreadPace::heard(Duration since) {
  median_ms_ = to_ms(since) > median_ms_ ? median_ms_ * kPaceStep : median_ms_ / kPaceStep;
  median_ms_ = std::clamp(median_ms_, kPaceMin_ms, kPaceMax_ms);
}

Duration SpreadPace::interval(Duration longest) const {
  const std::chrono::duration<double, std::milli> paced(kIntervalInPaces * median_ms_);
  return std::min(longest, std::chrono::duration_cast<Duration>(paced));
}

bool is_staggered(const GossipParams& params, std::size_t message_size) {
  return message_size >= params.stagger_size && params.stagger_interval > Duration::zero();
}

StaggerPlan stagger_plan(const GossipParams& params, const SpreadPace& pace, std::size_t message_size,
                         std::size_t known) {
  if (!is_staggered(params, message_size)) return {};
  const bool large = message_size >= kLarge;
  const std::size_t first = large ? kFirstLarge : kFirst;
  return {.first = first - std::min(known, first),
          .next = large ? kNextLarge : kNext,
          .interval = pace.interval(large ? 2 * params.stagger_interval : params.stagger_interval)};
}

void Stagger::add(Delayed message, Instant now) {
  WARREN_ASSERT(!message.plan.at_once() && !message.to.empty());
  since_.insert_or_assign(message.key, message.since);
  const Instant at = now + message.plan.interval;
  waiting_.emplace(at, std::move(message));
}

std::optional<Instant> Stagger::since(Fingerprint key) const {
  const auto found = since_.find(key);
  return found == since_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<Stagger::Taken> Stagger::take(Fingerprint key, const PeerId& peer) {
  if (!since_.contains(key)) return std::nullopt;
  const auto found = std::ranges::find(waiting_, key, [](const auto& entry) { return entry.second.key; });
  if (found == waiting_.end() || std::erase(found->second.to, peer) == 0) return std::nullopt;
  return Taken{found->second.priority, found->second.tally};
}

std::vector<Delayed> Stagger::take_due(Instant now) {
  std::vector<Delayed> due;
  while (!waiting_.empty() && waiting_.begin()->first <= now) {
    since_.erase(waiting_.begin()->second.key);
    due.push_back(std::move(waiting_.begin()->second));
    waiting_.erase(waiting_.begin());
  }
  return due;
}

}  // namespace warren::pubsub
