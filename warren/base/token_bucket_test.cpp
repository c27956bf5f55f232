#include "warren/base/token_bucket.hpp"

#include <doctest/doctest.h>

using namespace warren;

TEST_CASE("a bucket gives its burst, and then its rate") {
  const Instant start{};
  TokenBucket bucket(10, 3, start);
  for (int i = 0; i < 3; ++i) CHECK(bucket.take(start));
  CHECK_FALSE(bucket.take(start));
  CHECK_FALSE(bucket.take(start + 99ms));
  CHECK(bucket.take(start + 101ms));
  CHECK_FALSE(bucket.take(start + 101ms));
  CHECK_FALSE(bucket.is_full(start + 200ms));
  CHECK(bucket.is_full(start + 10s));
  CHECK(bucket.take(start + 10s, 3));
  CHECK_FALSE(bucket.take(start + 10s, 0.5));
  CHECK_FALSE(bucket.take(start));  // a time in the past fills nothing
}

TEST_CASE("tokens taken in advance come one after the other") {
  const Instant start{};
  TokenBucket bucket(10, 2, start);
  CHECK(bucket.missing(start) == 0);
  CHECK(bucket.take_in_advance(start) == 0s);
  CHECK(bucket.take_in_advance(start) == 0s);
  CHECK(bucket.missing(start) == 2);
  CHECK(bucket.take_in_advance(start) == 100ms);
  CHECK(bucket.take_in_advance(start) == 200ms);
  CHECK(bucket.time_to_next(start) == 300ms);
  bucket.give_back();
  CHECK(bucket.time_to_next(start) == 200ms);
  CHECK_FALSE(bucket.take(start + 150ms));  // that one is promised
  CHECK(bucket.take_in_advance(start + 1s) == 0s);
  CHECK(bucket.missing(start + 10s) == 0);
}
