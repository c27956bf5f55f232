#include "warren/protocols/pubsub/router/wants.hpp"

#include <doctest/doctest.h>

#include "warren/protocols/pubsub/router/test_routers.hpp"

using namespace warren;
using namespace warren::pubsub;
using testing::kStart;
using testing::numbered_peer;

TEST_CASE("a message is asked of one peer, and of the next when that one does not send it") {
  Wants wants;
  CHECK(wants.told(1, "id", numbered_peer(1), kStart));
  CHECK_FALSE(wants.told(1, "id", numbered_peer(2), kStart));
  CHECK_FALSE(wants.told(1, "id", numbered_peer(1), kStart));
  CHECK(wants.ask_others(1s, kStart + 999ms).empty());
  const auto questions = wants.ask_others(1s, kStart + 1s);
  REQUIRE(questions.size() == 1);
  CHECK(questions[0].peer == numbered_peer(2));
  CHECK(questions[0].id == "id");
  CHECK(wants.ask_others(1s, kStart + 1999ms).empty());
  CHECK(wants.ask_others(1s, kStart + 2s).empty());
  CHECK(wants.size() == 0);
  CHECK(wants.told(1, "id", numbered_peer(1), kStart + 3s));  // once more from the start
}

TEST_CASE("what has come is asked for no more") {
  Wants wants;
  wants.told(1, "id", numbered_peer(1), kStart);
  wants.told(1, "id", numbered_peer(2), kStart);
  wants.arrived(1);
  CHECK(wants.ask_others(1s, kStart + 5s).empty());
  CHECK(wants.size() == 0);
}

TEST_CASE("it is bounded, in messages and in peers of each") {
  Wants wants(10);
  for (Fingerprint i = 1; i <= 100; ++i) CHECK(wants.told(i, "id", numbered_peer(1), kStart));
  CHECK(wants.size() == 10);
  for (std::uint32_t i = 2; i < 100; ++i) CHECK_FALSE(wants.told(1, "id", numbered_peer(i), kStart));
  std::size_t asked = 0;
  for (int s = 1; s < 100; ++s) asked += wants.ask_others(1s, kStart + s * Duration(1s)).size();
  CHECK(asked == 4);
}
