// The machine's clocks.
#pragma once

#include "warren/env/clock.hpp"

namespace warren::real {

class SystemClock final : public Clock {
 public:
  Instant now() const override;
  WallTime wall_now() const override;
  Task<void> sleep_until(Instant instant) override;
};

}  // namespace warren::real
