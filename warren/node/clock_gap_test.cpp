#include "warren/node/clock_gap.hpp"

#include <doctest/doctest.h>

using namespace warren;

TEST_CASE("who looks for the first time has not slept") {
  ClockGap gap;
  CHECK_FALSE(gap.look(Instant(5s), WallTime(1000s)));
}

TEST_CASE("a wall clock that went on alone tells of a sleep, once, and how long it was") {
  ClockGap gap;
  gap.look(Instant(5s), WallTime(1000s));
  CHECK_FALSE(gap.look(Instant(6s), WallTime(1001s)));
  CHECK(gap.look(Instant(7s), WallTime(1001s + 1h)) == Duration(1h - 1s));
  CHECK_FALSE(gap.look(Instant(8s), WallTime(1002s + 1h)));
}

TEST_CASE("a busy machine looks late, and has not slept") {
  ClockGap gap;
  gap.look(Instant(5s), WallTime(1000s));
  CHECK_FALSE(gap.look(Instant(5s + 10min), WallTime(1000s + 10min)));
}

TEST_CASE("a clock that is corrected a little, or set back, is no sleep") {
  ClockGap gap;
  gap.look(Instant(5s), WallTime(1000s));
  CHECK_FALSE(gap.look(Instant(6s), WallTime(1004s)));
  CHECK_FALSE(gap.look(Instant(7s), WallTime(500s)));
  // What counts is the step, not how far the clocks are apart.
  CHECK_FALSE(gap.look(Instant(8s), WallTime(501s)));
  CHECK(gap.look(Instant(9s), WallTime(506s)) == Duration(4s));
}
