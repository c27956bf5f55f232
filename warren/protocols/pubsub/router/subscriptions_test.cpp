#include "warren/protocols/pubsub/router/subscriptions.hpp"

#include <doctest/doctest.h>

using namespace warren;
using namespace warren::pubsub;

TEST_CASE("a topic is known while somebody is subscribed to it") {
  Subscriptions subscriptions(10, 10);
  PeerState a;
  PeerState b;
  CHECK(subscriptions.subscribe(a, "t"));
  CHECK(subscriptions.subscribe(a, "t"));
  CHECK(subscriptions.subscribe(b, "t"));
  TopicState* topic = subscriptions.find("t");
  REQUIRE(topic);
  CHECK(topic->peers == std::vector{&a, &b});
  CHECK(Subscriptions::is_subscribed(a, *topic));
  subscriptions.unsubscribe(a, *topic);
  subscriptions.unsubscribe(a, *topic);
  CHECK_FALSE(Subscriptions::is_subscribed(a, *topic));
  subscriptions.unsubscribe_all(b);
  CHECK(subscriptions.find("t") == nullptr);
  CHECK(subscriptions.size() == 0);
}

TEST_CASE("topics are bounded of one peer and of all, own ones are not") {
  Subscriptions subscriptions(3, 5);
  PeerState a;
  PeerState b;
  PeerState c;
  for (int i = 0; i < 100; ++i) CHECK(subscriptions.subscribe(a, "a" + std::to_string(i)) == (i < 3));
  for (int i = 0; i < 100; ++i) CHECK(subscriptions.subscribe(b, "b" + std::to_string(i)) == (i < 2));
  CHECK(subscriptions.size() == 5);
  CHECK(subscriptions.subscribe(c, "a0"));  // known already
  CHECK_FALSE(subscriptions.subscribe(c, "c"));
  subscriptions.own("mine");
  CHECK(subscriptions.subscribe(c, "mine"));
}

TEST_CASE("own topics stay, in the order of their names, until they are not needed") {
  Subscriptions subscriptions(10, 10);
  PeerState a;
  TopicState& z = subscriptions.own("z");
  TopicState& y = subscriptions.own("y");
  y.own->joined = z.own->joined = true;
  CHECK(subscriptions.owned() == std::vector{&y, &z});
  subscriptions.subscribe(a, "z");
  z.own->joined = y.own->joined = false;
  subscriptions.drop_if_unused(y);
  CHECK(subscriptions.find("y") == nullptr);
  subscriptions.drop_if_unused(z);
  CHECK(subscriptions.owned().empty());
  CHECK(subscriptions.find("z") == &z);  // somebody else's
  subscriptions.unsubscribe_all(a);
  CHECK(subscriptions.size() == 0);
}
