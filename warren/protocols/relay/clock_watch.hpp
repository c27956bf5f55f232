// Notices that this machine slept, or that somebody has set its clock: the two clocks went apart. Pure.
#pragma once

#include <optional>

#include "warren/base/time.hpp"

namespace warren::relay {

// Clocks are corrected by less than this all the time.
inline constexpr Duration kClockJump = 30s;

class ClockWatch {
 public:
  // Whether it happened since the last call.
  bool jumped(Instant now, WallTime wall_now) {
    const Duration apart = wall_now.time_since_epoch() - now.time_since_epoch();
    const Duration change = apart - last_.value_or(apart);
    last_ = apart;
    return change >= kClockJump || change <= -kClockJump;
  }

 private:
  std::optional<Duration> last_;
};

}  // namespace warren::relay
