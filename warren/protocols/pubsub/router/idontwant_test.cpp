#include "warren/protocols/pubsub/router/idontwant.hpp"

#include <doctest/doctest.h>

using namespace warren::pubsub;

TEST_CASE("what a peer has is remembered for three heartbeats") {
  KnownMessages known;
  CHECK(known.add(1, 10, 100));
  CHECK(known.contains(1, 10));
  CHECK(known.contains(1, 12));
  CHECK_FALSE(known.contains(1, 13));
  CHECK_FALSE(known.contains(2, 10));
}

TEST_CASE("its windows are used again, also after a pause") {
  KnownMessages known;
  for (std::uint64_t heartbeat = 10; heartbeat < 100; heartbeat += 7) {
    CHECK(known.add(heartbeat, heartbeat, 100));
    CHECK(known.contains(heartbeat, heartbeat + 2));
    CHECK(known.size() <= 3);
  }
}

TEST_CASE("so many in a heartbeat, and no more") {
  KnownMessages known;
  for (Fingerprint i = 1; i <= 100; ++i) CHECK(known.add(i, 10, 10) == (i <= 10));
  CHECK(known.add(1, 10, 10));  // it is there
  CHECK(known.size() == 10);
  CHECK(known.add(50, 11, 10));
}
