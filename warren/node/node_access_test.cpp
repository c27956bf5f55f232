// Who is let in, by NodeID: what the access list says of nodes, applied to the peers that they are.
#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/node/test_pair.hpp"

using namespace warren;
using test::Pair;
using Kind = NodeEvent::Kind;

namespace {

bool can_send(Pair& net, const char* text) {
  return net.world
      .run(as_result(net.alice.send_message(Pair::target(net.bob), to_bytes(std::string_view(text)))))
      .has_value();
}

}  // namespace

TEST_CASE("a denied node that is connected is cut off") {
  Pair net;
  REQUIRE(can_send(net, "one"));
  net.world.run(net.bob.set_access(net.alice.node_id(), Access::kDenied));
  CHECK(net.bob.peers().empty());
  net.world.loop().advance(1s);
  const auto left = net.of(Kind::kDisconnected);
  REQUIRE(left.size() == 1);
  CHECK(left[0].reason == Errc::kDenied);
  CHECK(left[0].node == net.alice.node_id());

  // Its peer is known now, and refused at the door.
  CHECK_FALSE(can_send(net, "two"));
  REQUIRE_FALSE(net.of(Kind::kRefused).empty());
  CHECK(net.of(Kind::kRefused)[0].reason == Errc::kDenied);
  CHECK(net.of(Kind::kRefused)[0].peer == net.alice.peer_id());
  CHECK(net.of(Kind::kConnected).size() == 1);
  const auto dialed = net.world.run(as_result(net.bob.connect(Pair::target(net.alice))));
  REQUIRE_FALSE(dialed);
  CHECK(dialed.error() == Errc::kDenied);

  net.world.run(net.bob.set_access(net.alice.node_id(), Access::kNormal));
  CHECK(net.bob.access_entries().empty());
  CHECK(can_send(net, "three"));
  CHECK(net.world.run(net.bob.inbox(0, 10)).size() == 2);
}

TEST_CASE("a denied node that nobody knows yet is cut off when its binding comes") {
  Pair net;
  net.world.run(net.bob.set_access(net.alice.node_id(), Access::kDenied));
  CHECK_FALSE(can_send(net, "one"));
  CHECK(net.bob.peers().empty());
  CHECK(net.world.run(net.bob.inbox(0, 10)).empty());
  net.world.loop().advance(1s);
  REQUIRE_FALSE(net.of(Kind::kDisconnected).empty());
  CHECK(net.of(Kind::kDisconnected)[0].reason == Errc::kDenied);
}

TEST_CASE("what the configuration denies is denied from the start on") {
  const NodeId somebody(Sm2PrivateKey::generate(system_random()).public_key());
  const Subnet everybody = value_or_throw(Subnet::parse("0.0.0.0/0"));
  Pair net({}, {{somebody, Access::kAllowed}, {everybody, Access::kDenied}});
  REQUIRE(net.bob.access_entries().size() == 2);
  CHECK(net.bob.access_entries()[0].access == Access::kAllowed);
  CHECK_FALSE(can_send(net, "one"));
  REQUIRE_FALSE(net.of(Kind::kRefused).empty());
  CHECK(net.of(Kind::kRefused)[0].reason == Errc::kDenied);
  CHECK(net.of(Kind::kConnected).empty());
}

TEST_CASE("an allowed node, once known, counts more than its denied subnet") {
  Pair net;
  REQUIRE(can_send(net, "one"));
  net.world.run(net.bob.set_access(net.alice.node_id(), Access::kAllowed));
  const Subnet everybody = value_or_throw(Subnet::parse("0.0.0.0/0"));
  net.world.run(net.bob.set_access(everybody, Access::kDenied));
  CHECK(net.bob.peers().size() == 1);
  CHECK(can_send(net, "two"));
  net.world.run(net.bob.set_access(net.alice.node_id(), Access::kNormal));
  CHECK(net.bob.peers().empty());
}

TEST_CASE("whoever is told that the peer hung up at once is not told to be connected") {
  Pair net;
  net.world.run(net.bob.set_access(net.alice.peer_id(), Access::kDenied));
  const auto connected = net.world.run(as_result(net.alice.connect(Pair::target(net.bob))));
  CHECK_FALSE(connected);
}

TEST_CASE("metrics tell what happened and what there is") {
  Pair net;
  REQUIRE(can_send(net, "one"));
  REQUIRE(can_send(net, "two"));
  const NodeMetrics metrics = net.bob.metrics();
  CHECK(metrics.connections_inbound == 1);
  CHECK(metrics.connections_outbound == 0);
  CHECK(metrics.swarm.opened_inbound == 1);
  CHECK(metrics.swarm.handshakes_inbound.count() == 1);
  CHECK(metrics.swarm.bytes_received > 500);
  CHECK(metrics.messaging.messages_received == 2);
  CHECK(metrics.messaging.verifications.count() == 2);
  CHECK(metrics.limits.size() == limit_knobs().size());
  CHECK(metrics.uptime > Duration::zero());
  CHECK(net.alice.metrics().connections_outbound == 1);
  CHECK(net.alice.metrics().messaging.messages_sent == 2);
}
