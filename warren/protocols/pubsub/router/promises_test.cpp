#include "warren/protocols/pubsub/router/promises.hpp"

#include <doctest/doctest.h>

#include "warren/protocols/pubsub/router/test_routers.hpp"

using namespace warren;
using namespace warren::pubsub;
using testing::kStart;
using testing::numbered_peer;

TEST_CASE("a promise that nobody keeps is broken once") {
  Promises promises(3s);
  promises.add(numbered_peer(1), 7, kStart);
  CHECK(promises.take_broken(kStart + 2999ms).empty());
  CHECK(promises.take_broken(kStart + 3s) == std::vector{numbered_peer(1)});
  CHECK(promises.take_broken(kStart + 10s).empty());
  CHECK(promises.size() == 0);
}

TEST_CASE("when the message comes, from whomever, nobody has broken it") {
  Promises promises(3s);
  promises.add(numbered_peer(1), 7, kStart);
  promises.add(numbered_peer(2), 7, kStart);
  promises.add(numbered_peer(2), 8, kStart + 1s);
  promises.fulfil(7);
  CHECK(promises.take_broken(kStart + 3s).empty());
  CHECK(promises.take_broken(kStart + 4s) == std::vector{numbered_peer(2)});
}

TEST_CASE("promises are bounded") {
  Promises promises(3s, 10);
  for (Fingerprint i = 0; i < 1000; ++i) promises.add(numbered_peer(1), i, kStart);
  CHECK(promises.size() == 10);
  CHECK(promises.take_broken(kStart + 3s).size() == 10);
}
