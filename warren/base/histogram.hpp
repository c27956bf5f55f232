// Durations counted in buckets, as Prometheus wants them: how many took so long or less.
// https://prometheus.io/docs/concepts/metric_types/#histogram
#pragma once

#include <array>

#include "warren/base/time.hpp"

namespace warren {

// `kUpperBounds` is an array of upper bounds, inclusive, in ascending order; what is longer than all counts
// in count() only.
template <const auto& kUpperBounds>
class BasicHistogram {
 public:
  static constexpr const auto& kBounds = kUpperBounds;

  void add(Duration duration) {
    for (std::size_t i = 0; i < kBounds.size(); ++i) {
      if (duration <= kBounds[i]) ++up_to_[i];
    }
    ++count_;
    sum_ += duration;
  }

  // How many took kBounds[i] or less.
  const std::array<std::uint64_t, kUpperBounds.size()>& up_to() const { return up_to_; }
  std::uint64_t count() const { return count_; }
  Duration sum() const { return sum_; }

 private:
  std::array<std::uint64_t, kUpperBounds.size()> up_to_{};
  std::uint64_t count_ = 0;
  Duration sum_{};
};

// Of what takes a computation, or some round trips.
inline constexpr std::array<Duration, 12> kShortTimes = {50us, 100us, 250us, 500us, 1ms, 2500us,
                                                         10ms, 25ms,  100ms, 500ms, 2s,  10s};
using Histogram = BasicHistogram<kShortTimes>;

}  // namespace warren
