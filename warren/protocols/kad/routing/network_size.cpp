#include "warren/protocols/kad/routing/network_size.hpp"

#include <algorithm>
#include <cmath>

namespace warren::kad {

namespace {

constexpr std::size_t kSamplesMin = 5;
constexpr std::size_t kSamplesMax = 64;
constexpr Duration kAgeMax = std::chrono::hours(2);

std::uint64_t beginning(const Key& key) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value = value << 8 | key.bytes()[i];
  return value;
}

}  // namespace

void NetworkSize::track(const Key& target, std::span<const PeerInfo> nearest, Instant now, double weight) {
  if (nearest.empty() || weight <= 0) return;
  Sample sample{.at = now, .target = beginning(target), .weight = weight};
  const std::size_t count = std::min(nearest.size(), closest_);
  sample.peers = static_cast<double>(count);
  if (count == closest_) {
    // The distance of the k-th is gamma distributed with shape k; its median is (k - 1/3) / peers.
    const double farthest = target.distance(Key::of(nearest[count - 1].id)).share();
    sample.peers = (static_cast<double>(count) - 1.0 / 3) / farthest;
  }
  std::erase_if(samples_,
                [&](const Sample& old) { return old.target == sample.target || now - old.at >= kAgeMax; });
  if (samples_.size() >= kSamplesMax) samples_.erase(samples_.begin());
  samples_.push_back(sample);
}

std::optional<NetworkSize::Estimate> NetworkSize::estimate(Instant now) const {
  std::vector<Sample> valid = samples_;
  std::erase_if(valid, [&](const Sample& sample) { return now - sample.at >= kAgeMax; });
  if (valid.size() < kSamplesMin) return std::nullopt;
  std::ranges::sort(valid, {}, &Sample::peers);
  double weights = 0;
  double squares = 0;
  for (const Sample& sample : valid) {
    weights += sample.weight;
    squares += sample.weight * sample.weight;
  }
  Estimate estimate{.lookups = valid.size()};
  double below = 0;
  for (const Sample& sample : valid) {
    estimate.peers = sample.peers;
    below += sample.weight;
    if (below >= weights / 2) break;
  }
  // One lookup is off by 1 / sqrt(k - 2); a median is by sqrt(pi / 2) worse than a mean.
  const double lookups = weights * weights / squares;
  const double of_one = 1 / std::sqrt(std::max(1.0, static_cast<double>(closest_) - 2));
  estimate.error = 1.2533 * of_one / std::sqrt(lookups);
  return estimate;
}

}  // namespace warren::kad
