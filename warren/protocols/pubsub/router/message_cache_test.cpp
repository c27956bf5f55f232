#include "warren/protocols/pubsub/router/message_cache.hpp"

#include <doctest/doctest.h>

#include "warren/protocols/pubsub/router/test_routers.hpp"

using namespace warren;
using namespace warren::pubsub;
using testing::numbered_peer;

namespace {

Frame frame(std::size_t size) {
  return std::make_shared<const Bytes>(size, 0x61);
}

}  // namespace

TEST_CASE("messages are told of for some heartbeats, and given for some more") {
  MessageCache cache(5, 3, 1000);
  cache.put(1, "one", "t", frame(10));
  cache.put(2, "two", "other", frame(10));
  for (int i = 0; i < 3; ++i) {
    REQUIRE(cache.gossip_ids("t").size() == 1);
    CHECK(as_text(cache.gossip_ids("t")[0]) == "one");
    cache.shift();
  }
  CHECK(cache.gossip_ids("t").empty());
  CHECK(cache.give(1, "one", numbered_peer(1), 3));
  cache.shift();
  CHECK(cache.contains(1));
  CHECK(cache.topic_of(1) == "t");
  cache.shift();
  CHECK_FALSE(cache.contains(1));
  CHECK(cache.size() == 0);
  CHECK(cache.bytes() == 0);
}

TEST_CASE("a peer gets a message so many times, and others too") {
  MessageCache cache(5, 3, 1000);
  cache.put(1, "one", "t", frame(10));
  for (int i = 0; i < 3; ++i) CHECK(cache.give(1, "one", numbered_peer(1), 3));
  CHECK_FALSE(cache.give(1, "one", numbered_peer(1), 3));
  CHECK(cache.give(1, "one", numbered_peer(2), 3));
  CHECK_FALSE(cache.give(1, "not the id", numbered_peer(2), 3));
}

TEST_CASE("bytes are bounded: the oldest go, of all topics") {
  MessageCache cache(5, 3, 100);
  for (Fingerprint i = 1; i <= 20; ++i) {
    cache.put(i, std::to_string(i), i % 2 == 0 ? "even" : "odd", frame(10));
    if (i % 4 == 0) cache.shift();
    CHECK(cache.bytes() <= 100);
  }
  CHECK(cache.size() == 10);
  CHECK_FALSE(cache.contains(10));
  CHECK(cache.contains(11));
  CHECK(cache.gossip_ids("odd").size() == 4);  // 13 to 19: of the last three heartbeats
  cache.put(50, "too large", "odd", frame(101));
  CHECK(cache.size() == 10);
  for (int i = 0; i < 5; ++i) cache.shift();
  CHECK(cache.size() == 0);
  CHECK(cache.bytes() == 0);
}
