// Connections that need no upgrade, among those that do.
#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/core/ip_address.hpp"
#include "warren/swarm/test_echo.hpp"
#include "warren/swarm/test_node.hpp"

using namespace warren;

namespace {

// Two hosts, 25 ms apart; bob listens, on TCP and QUIC, and echoes.
struct QuicHosts {
  explicit QuicHosts(SwarmLimits bobs_limits = {})
      : alice_machine(world.add_machine("alice")),
        bob_machine(world.add_machine("bob")),
        alice(alice_machine),
        bob(bob_machine, bobs_limits),
        over_tcp(bob.listen()),
        over_quic(bob.listen_quic()),
        over_both{bob.host.peer_id(), {over_tcp.addresses.front(), over_quic.addresses.front()}},
        watch(bob.host.events().refused.subscribe(
            [this](const HostRefusal& refusal) { refusals.push_back(refusal); })) {
    world.set_delay(alice_machine, bob_machine, 25ms);
    world.set_delay(bob_machine, alice_machine, 25ms);
    serve_echo(bob.host);
  }
  ~QuicHosts() {
    world.run(alice.host.close());
    world.run(bob.host.close());
  }

  Result<ConnectionPtr> connect(PeerInfo peer) {
    return world.run(as_result(alice.host.connect(std::move(peer))));
  }

  sim::World world{7};
  sim::Machine& alice_machine;
  sim::Machine& bob_machine;
  TestNode alice;
  TestNode bob;
  PeerInfo over_tcp;
  PeerInfo over_quic;
  PeerInfo over_both;
  std::vector<HostRefusal> refusals;
  Subscription watch;
};

}  // namespace

TEST_CASE("over QUIC it takes two round trips from the dial to the first answer") {
  QuicHosts net;
  const Instant start = net.world.clock().now();
  const auto connection = net.connect(net.over_quic);
  REQUIRE(connection);
  CHECK(net.world.run(ask_echo(*connection, to_bytes("hello"))) == to_bytes("hello"));
  CHECK(net.world.clock().now() - start < 2 * 50ms + 5ms);
  CHECK((*connection)->remote_peer() == net.bob.host.peer_id());
  CHECK((*connection)->remote_address() == net.over_quic.addresses.front());
  CHECK((*connection)->security() == "/tls/1.0.0");
  CHECK((*connection)->muxer() == "/quic-v1");

  REQUIRE(net.bob.host.connections().size() == 1);
  const ConnectionPtr inbound = net.bob.host.connections().front();
  CHECK(inbound->direction() == Direction::kInbound);
  CHECK(inbound->remote_peer() == net.alice.host.peer_id());
  CHECK(ip_address_of(inbound->remote_address()) == net.alice_machine.address());
}

TEST_CASE("of a peer's addresses, that of QUIC wins") {
  QuicHosts net;
  const auto connection = net.connect(net.over_both);
  REQUIRE(connection);
  CHECK((*connection)->remote_address() == net.over_quic.addresses.front());
  net.world.loop().advance(5s);
  CHECK(net.bob.host.connections().size() == 1);
}

TEST_CASE("where UDP is swallowed it costs one delay, and TCP goes on") {
  QuicHosts net;
  net.world.block_udp(net.alice_machine, net.bob_machine);
  const Instant start = net.world.clock().now();
  const auto connection = net.connect(net.over_both);
  REQUIRE(connection);
  CHECK((*connection)->remote_address() == net.over_tcp.addresses.front());
  CHECK(net.world.clock().now() - start <= 250ms + 3 * 50ms);
}

TEST_CASE("who is not the peer that was meant is refused over QUIC") {
  QuicHosts net;
  net.over_quic.id = net.alice.host.peer_id();
  TestNode carol(net.world.add_machine("carol"));
  const auto connection = net.world.run(as_result(carol.host.connect(net.over_quic)));
  CHECK((!connection && connection.error() == Errc::kPeerIdMismatch));
  net.world.loop().advance(1s);
  CHECK(net.bob.host.connections().empty());
  CHECK(net.bob.host.counters().handshakes_failed == 1);
  REQUIRE(net.refusals.size() == 1);
  CHECK(net.refusals.front().reason == Errc::kHandshakeRefused);
  net.world.run(carol.host.close());
}

TEST_CASE("who is denied by address gets no handshake over QUIC, and it is told") {
  QuicHosts net;
  const std::string subnet = net.alice_machine.address().to_string() + "/32";
  REQUIRE(net.bob.host.access().set(value_or_throw(parse_access_subject(subnet)), Access::kDenied));
  const auto connection = net.connect(net.over_quic);
  CHECK_FALSE(connection);
  REQUIRE_FALSE(net.refusals.empty());
  CHECK(net.refusals.front().reason == Errc::kDenied);
}

TEST_CASE("an end in good order reaches the other side at once") {
  QuicHosts net;
  const auto connection = net.connect(net.over_quic);
  REQUIRE(connection);
  net.world.loop().advance(1s);
  const ConnectionPtr inbound = net.bob.host.connections().front();
  (*connection)->close();
  net.world.loop().advance(1s);
  CHECK(inbound->end_reason() == Errc::kClosed);
  CHECK(net.bob.host.connections().empty());
}

TEST_CASE("both dial from the port that they listen on") {
  QuicHosts net;
  const PeerInfo alice = net.alice.listen_quic();
  const auto connection = net.connect(net.over_quic);
  REQUIRE(connection);
  net.world.loop().advance(1s);
  CHECK(net.bob.host.connections().front()->remote_address() == alice.addresses.front());
}

TEST_CASE(
    "a machine that goes to another network keeps its QUIC connections, and knows that TCP's are lost") {
  QuicHosts net;
  TestNode carol(net.world.add_machine("carol"));
  const PeerInfo carol_info = carol.listen();
  const auto over_quic = net.connect(net.over_quic);
  const auto over_tcp = net.connect(carol_info);
  REQUIRE(over_quic);
  REQUIRE(over_tcp);
  net.world.loop().advance(1s);

  net.world.move(net.alice_machine, {IpAddress::v4({203, 0, 113, 9})});
  net.alice.host.network_changed();
  CHECK_FALSE((*over_tcp)->is_open());
  net.world.loop().advance(5s);
  CHECK((*over_tcp)->end_reason() == Errc::kUnreachable);
  CHECK(net.world.run(ask_echo(*over_quic, to_bytes("still there?"))) == to_bytes("still there?"));
  REQUIRE(net.bob.host.connections().size() == 1);
  CHECK(ip_address_of(net.bob.host.connections().front()->remote_address())->to_string() == "203.0.113.9");
  REQUIRE(net.connect(carol_info));
  net.world.run(carol.host.close());
}

TEST_CASE("after a change of the network, what failed before is tried again at once") {
  QuicHosts net;
  net.world.cut(net.alice_machine, net.bob_machine);
  CHECK_FALSE(net.connect(net.over_both));
  net.world.mend(net.alice_machine, net.bob_machine);
  net.alice.host.network_changed();
  const auto connection = net.connect(net.over_both);
  REQUIRE(connection);
  CHECK((*connection)->remote_address() == net.over_quic.addresses.front());
}

TEST_CASE("a node that others had dialed, and that goes to another network, dials them from there") {
  QuicHosts net;
  net.alice.listen_quic();
  const auto before = net.connect(net.over_quic);
  REQUIRE(before);
  net.world.loop().advance(1s);
  net.world.move(net.bob_machine, {IpAddress::v4({203, 0, 113, 9})});
  net.bob.host.network_changed();
  net.world.loop().advance(1s);
  const auto after = net.connect({net.bob.host.peer_id(), {}});
  REQUIRE(after);
  CHECK((*after)->direction() == Direction::kInbound);
  CHECK(net.world.run(ask_echo(*after, to_bytes("there you are"))) == to_bytes("there you are"));
}
