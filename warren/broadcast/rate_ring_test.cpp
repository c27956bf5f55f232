#include "warren/broadcast/rate_ring.hpp"

#include <doctest/doctest.h>

namespace warren {
namespace {

TEST_CASE("the rate is that of the last minute") {
  RateRing ring;
  Instant now{1h};
  CHECK(ring.rate(now) == 0);
  ring.add(now, 60);
  CHECK(ring.rate(now) == 1);
  ring.add(now + 30s, 60);
  CHECK(ring.rate(now + 30s) == 2);
  CHECK(ring.rate(now + 59s) == 2);
  CHECK(ring.rate(now + 60s) == 1);
  CHECK(ring.rate(now + 90s) == 0);
  ring.add(now + 10h, 120);
  CHECK(ring.rate(now + 10h) == 2);
}

TEST_CASE("a clock that starts at 0 is as good") {
  RateRing ring;
  ring.add(Instant{}, 6);
  CHECK(ring.rate(Instant{59s}) == doctest::Approx(0.1));
  CHECK(ring.rate(Instant{60s}) == 0);
}

}  // namespace
}  // namespace warren
