// Notices that this machine slept: the wall clock went on, the steady one stood still. Pure.
#pragma once

#include <optional>

#include "warren/base/time.hpp"

namespace warren {

// How often to look. A machine that wakes is noticed within this time.
inline constexpr Duration kClockLookInterval = 1s;
// Peers miss who is silent for so long. Clocks are corrected by less all the time; one that somebody sets
// counts as a sleep, which costs little.
inline constexpr Duration kSleepMin = 4s;

class ClockGap {
 public:
  // How long it slept since the last call; nothing when it did not.
  std::optional<Duration> look(Instant now, WallTime wall_now) {
    const Duration apart = wall_now.time_since_epoch() - now.time_since_epoch();
    const Duration slept = apart - apart_.value_or(apart);
    apart_ = apart;
    if (slept < kSleepMin) return std::nullopt;
    return slept;
  }

 private:
  std::optional<Duration> apart_;
};

}  // namespace warren
