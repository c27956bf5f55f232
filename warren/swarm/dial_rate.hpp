// Attempts to reach others take turns: so many begin in one second, and the others wait.
#pragma once

#include "warren/base/token_bucket.hpp"
#include "warren/core/limit.hpp"
#include "warren/env/clock.hpp"

namespace warren {

class DialRate {
 public:
  // Both outlive it. `burst`: how many seconds' attempts may begin at once after a quiet time.
  DialRate(Clock& clock, Limit& limit, double burst = 1);

  // Waits for its turn, first come first served. Throws kLimitReached with the limit's name, which counts as
  // a refusal, at once when that would take longer than `wait_max`. Cancelable: the turn is another's then.
  Task<void> wait_turn(Duration wait_max);

  // Brings the limit's `used` up to date: the attempts of the last second; after a burst, all of it until
  // that has been made up for.
  void update();

 private:
  Clock& clock_;
  Limit& limit_;
  TokenBucket bucket_;
};

}  // namespace warren
