#include "warren/protocols/pubsub/router/seen_cache.hpp"

#include <doctest/doctest.h>

#include "warren/protocols/pubsub/router/test_routers.hpp"

using namespace warren;
using namespace warren::pubsub;
using testing::kStart;

TEST_CASE("a message is seen for its time, counted from the first copy") {
  SeenCache seen(120s, 100);
  CHECK(seen.insert(1, kStart));
  CHECK_FALSE(seen.insert(1, kStart + 100s));
  seen.expire(kStart + 119s);
  CHECK(seen.contains(1));
  seen.expire(kStart + 120s);
  CHECK_FALSE(seen.contains(1));
  CHECK(seen.insert(1, kStart + 120s));
}

TEST_CASE("over the bound the oldest are forgotten") {
  SeenCache seen(120s, 3);
  for (Fingerprint i = 1; i <= 1000; ++i) CHECK(seen.insert(i, kStart));
  CHECK(seen.size() == 3);
  CHECK(seen.contains(1000));
  CHECK_FALSE(seen.contains(997));
}

TEST_CASE("one that was erased and came again has its whole time") {
  SeenCache seen(120s, 100);
  seen.insert(1, kStart);
  seen.erase(1);
  CHECK(seen.insert(1, kStart + 119s));
  seen.expire(kStart + 121s);
  CHECK(seen.contains(1));
  seen.expire(kStart + 239s);
  CHECK_FALSE(seen.contains(1));
}
