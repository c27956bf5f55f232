// A node's events, in virtual time.
#include <doctest/doctest.h>

#include <algorithm>

#include "warren/node/test_pair.hpp"

using namespace warren;
using test::Pair;
using Kind = NodeEvent::Kind;

namespace {

Task<void> send_garbage(Node* from, Target to) {
  const ConnectionPtr connection = co_await from->host().connect(*to.info());
  const StreamPtr stream = co_await connection->open_stream("/warren/message/1.0.0");
  const Bytes garbage = to_bytes("garbage");
  co_await write_delimited(*stream, garbage);
  co_await stream->close_write();
  co_await read_to_end(*stream, 1024);
}

}  // namespace

TEST_CASE("who comes, what it says of itself, and how it leaves are events") {
  Pair net;
  net.world.run(net.alice.connect(Pair::target(net.bob)));
  net.world.loop().advance(1s);

  REQUIRE(net.events.size() == 4);
  const NodeEvent came = net.events[0];
  CHECK(came.kind == Kind::kConnected);
  CHECK(came.peer == net.alice.peer_id());
  CHECK_FALSE(came.node);  // it has not had the time to prove one
  CHECK(came.direction == Direction::kInbound);
  CHECK(came.address->to_string().starts_with("/ip4/" + net.alice_machine.address().to_string() + "/tcp/"));
  CHECK(came.security == "/noise");
  CHECK(came.muxer == "/yamux/1.0.0");
  CHECK(came.at <= net.bob_machine.env().clock.wall_now());
  CHECK(came.at > WallTime{});

  const NodeEvent path = net.events[1];
  CHECK(path.kind == Kind::kPath);
  CHECK(path.peer == net.alice.peer_id());
  CHECK(path.state == "direct");
  CHECK(path.address == came.address);

  const NodeEvent said = net.events[2];
  CHECK(said.kind == Kind::kIdentified);
  CHECK(said.peer == net.alice.peer_id());
  CHECK(said.agent_version == "test/1");
  CHECK(said.protocols >= 4);
  CHECK(said.at >= came.at);

  const NodeEvent arrived = net.events[3];
  CHECK(arrived.kind == Kind::kArrived);
  CHECK(arrived.peer == net.alice.peer_id());

  net.world.run(net.alice.stop());
  net.world.loop().advance(1s);
  const auto left = net.of(Kind::kDisconnected);
  REQUIRE(left.size() == 1);
  CHECK(left[0].peer == net.alice.peer_id());
  CHECK(left[0].node == net.alice.node_id());
  CHECK(left[0].reason == Errc::kClosed);
  CHECK(left[0].address == came.address);
  const auto gone = net.of(Kind::kLeft);
  REQUIRE(gone.size() == 1);
  CHECK(gone[0].peer == net.alice.peer_id());
  CHECK(gone[0].node == net.alice.node_id());
  CHECK(gone[0].reason == Errc::kClosed);
}

TEST_CASE("a refused message is an event with its reason") {
  Pair net;
  net.world.run(send_garbage(&net.alice, Pair::target(net.bob)));
  const auto refused = net.of(Kind::kRefused);
  REQUIRE(refused.size() == 1);
  CHECK(refused[0].peer == net.alice.peer_id());
  CHECK(refused[0].protocol == "/warren/message/1.0.0");
  CHECK(refused[0].reason == Errc::kMalformed);
  CHECK(refused[0].knob.empty());
  CHECK_FALSE(refused[0].direction);
}

TEST_CASE("the limits of the configuration are the node's") {
  SwarmLimits limits;
  limits.connections_per_peer_max = 3;
  limits.peerstore_peers_max = 17;
  Pair net(limits);
  const auto rows = net.bob.limits();
  CHECK(rows.size() == limit_knobs().size());
  const auto max_of = [&](std::string_view knob) {
    return std::ranges::find(rows, knob, &LimitUse::knob)->max;
  };
  CHECK(max_of("connections_per_peer_max") == 3);
  CHECK(max_of("peerstore_peers_max") == 17);
  CHECK(max_of("streams_max") == SwarmLimits{}.streams_max);
}
