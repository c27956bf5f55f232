// Who gets a connection when there are too many: each limit at its number, told by its name, and given back.
#include "warren/swarm/test_crowd.hpp"

using namespace warren;

TEST_CASE("connections_max: further connections are refused, and others find room when some end") {
  Crowd crowd({.connections_max = 3});
  crowd.connect(5);
  CHECK(crowd.connections() == 3);
  CHECK(crowd.refusals_by("connections_max") == 2);
  CHECK(crowd.refusals.front().reason == Errc::kLimitReached);
  CHECK(crowd.refusals.front().from);
  CHECK(crowd.use(&SwarmLimits::connections_max).used == 3);
  CHECK(crowd.use(&SwarmLimits::connections_max).refused == 2);

  crowd.bob.host.connections().front()->close();
  crowd.world.loop().advance(1s);
  crowd.connect(1);
  CHECK(crowd.connections() == 3);
  crowd.check_all_is_given_back();
}

TEST_CASE("connections_inbound_max: what is left is for our own dials, and they name their limit") {
  Crowd crowd({.connections_max = 3, .connections_inbound_max = 2});
  crowd.connect(4);
  CHECK(crowd.connections() == 2);
  CHECK(crowd.refusals_by("connections_inbound_max") == 2);

  const PeerInfo first = crowd.add().listen();
  const PeerInfo second = crowd.add().listen();
  CHECK(crowd.world.run(as_result(crowd.bob.host.connect(first))));
  const auto refused = crowd.world.run(as_outcome(crowd.bob.host.connect(second)));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == Errc::kLimitReached);
  CHECK(std::string_view(refused.error().what()).contains("connections_max"));
  CHECK(crowd.refusals.size() == 2);  // no event for a dial
  crowd.check_all_is_given_back();
}

TEST_CASE("connections_per_peer_max: one peer at several machines") {
  Crowd crowd({.connections_per_peer_max = 2});
  for (int i = 0; i < 4; ++i) crowd.connect(crowd.add(crowd.add_machine(), 77));
  CHECK(crowd.connections() == 2);
  CHECK(crowd.refusals_by("connections_per_peer_max") == 2);
  CHECK(crowd.refusals.front().peer == crowd.nodes.front().host.peer_id());
  CHECK(crowd.use(&SwarmLimits::connections_per_peer_max).used == 2);
  crowd.connect(1);
  CHECK(crowd.connections() == 3);
  crowd.check_all_is_given_back();
}

TEST_CASE("connections_per_peer_max names itself to who dials") {
  Crowd crowd({.connections_per_peer_max = 0});
  const auto refused = crowd.world.run(as_outcome(crowd.bob.host.connect(crowd.add().listen())));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == Errc::kLimitReached);
  CHECK(std::string_view(refused.error().what()).contains("connections_per_peer_max"));
  CHECK(crowd.bob.host.counters().dials_failed == 1);
}

TEST_CASE("connections_per_ip4_max: endless connections from one address") {
  Crowd crowd;
  crowd.connect(40, crowd.add_machine("203.0.113.9"));
  CHECK(crowd.connections() == 32);
  CHECK(crowd.refusals_by("connections_per_ip4_max") == 8);
  CHECK(crowd.use(&SwarmLimits::connections_per_ip4_max).used == 32);
  crowd.connect(1, crowd.add_machine("203.0.113.10"));
  CHECK(crowd.connections() == 33);
  crowd.check_all_is_given_back();
}

TEST_CASE("private addresses have no limit of their own") {
  Crowd crowd({.connections_per_ip4_max = 2}, {value_or_throw(IpAddress::parse("10.0.0.1"))});
  crowd.connect(5, crowd.add_machine("10.0.0.2"));
  CHECK(crowd.connections() == 5);
  crowd.check_all_is_given_back();
}

TEST_CASE("connections_per_ip6_56_max and _48_max: endless connections from one customer, from one site") {
  Crowd crowd({.connections_per_ip6_56_max = 3, .connections_per_ip6_48_max = 5},
              {value_or_throw(IpAddress::parse("2001:db8:ffff::1"))});
  for (int i = 0; i < 5; ++i) crowd.connect(1, crowd.add_machine("2001:db8:1:1" + std::to_string(i) + "::1"));
  CHECK(crowd.connections() == 3);
  CHECK(crowd.refusals_by("connections_per_ip6_56_max") == 2);
  for (int i = 2; i < 6; ++i) {
    crowd.connect(1, crowd.add_machine("2001:db8:1:" + std::to_string(i) + "00::1"));
  }
  CHECK(crowd.connections() == 5);
  CHECK(crowd.refusals_by("connections_per_ip6_48_max") == 2);
  crowd.connect(1, crowd.add_machine("2001:db8:2:100::1"));
  CHECK(crowd.connections() == 6);
  crowd.check_all_is_given_back();
}

TEST_CASE(
    "above the high mark, the least useful connections are closed after the grace period, and say why") {
  Crowd crowd({.connections_high = 4, .connections_low = 2, .connection_grace = 20s});
  std::vector<std::error_code> reasons;
  const auto watch = crowd.bob.host.events().disconnected.subscribe(
      [&](const ConnectionPtr& connection) { reasons.push_back(connection->end_reason()); });
  TestNode& friends = crowd.add();
  REQUIRE(crowd.bob.host.protect(friends.host.peer_id(), "test"));
  REQUIRE(crowd.connect(friends));
  crowd.connect(5);
  CHECK(crowd.connections() == 6);
  CHECK(crowd.use(&SwarmLimits::connections_high).used == 6);
  crowd.world.loop().advance(10s);
  CHECK(crowd.connections() == 6);
  crowd.world.loop().advance(30s);
  CHECK(crowd.connections() <= 4);
  CHECK(crowd.connections() >= 2);
  CHECK(reasons == std::vector<std::error_code>(6 - crowd.connections(), Errc::kLimitReached));
  CHECK(crowd.use(&SwarmLimits::connections_high).refused == reasons.size());
  CHECK(crowd.bob.host.connections(friends.host.peer_id()).size() == 1);
  CHECK_FALSE(crowd.bob.host.unprotect(friends.host.peer_id(), "test"));
  crowd.check_all_is_given_back();
}

TEST_CASE("what a swarm does is counted") {
  Crowd crowd;
  crowd.bob.host.handle("/nothing/1", [](ConnectionPtr, StreamPtr) -> Task<void> { co_return; });
  TestNode& alice = crowd.add();
  const auto connection = crowd.connect(alice);
  REQUIRE(connection);
  const auto open = [](ConnectionPtr connection) -> Task<StreamPtr> {
    StreamPtr stream = co_await connection->open_stream("/nothing/1");
    co_await stream->write(as_bytes("x"));
    co_return stream;
  };
  StreamPtr stream = crowd.world.run(open(*connection));
  crowd.world.loop().advance(1s);

  const SwarmCounters& bobs = crowd.bob.host.counters();
  const SwarmCounters& alices = alice.host.counters();
  CHECK(bobs.opened_inbound == 1);
  CHECK(alices.opened_outbound == 1);
  CHECK(bobs.streams_opened_inbound == 1);
  CHECK(alices.streams_opened_outbound == 1);
  CHECK(bobs.handshakes_inbound.count() == 1);
  CHECK(bobs.handshakes_inbound.sum() > 0s);
  CHECK(alices.handshakes_outbound.count() == 1);
  CHECK(bobs.bytes_received > 300);
  CHECK(bobs.bytes_received == alices.bytes_sent);
  CHECK(bobs.bytes_sent == alices.bytes_received);
  stream.reset();
  crowd.check_all_is_given_back();
  CHECK(bobs.closed == 1);
  CHECK(bobs.handshakes_failed == 0);
}
