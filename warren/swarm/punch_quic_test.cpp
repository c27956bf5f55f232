// Punches over QUIC, where the server only opens its own router, and over both transports at once.
#include "warren/swarm/test_punch.hpp"

using namespace warren;

namespace {

constexpr Protocol kUdp = Protocol::kUdp;

}  // namespace

TEST_CASE("the server knocks, and the client's handshake gets in") {
  for (const Duration late : {Duration(0ms), Duration(10ms), Duration(100ms), Duration(800ms)}) {
    CAPTURE(late.count());
    PunchNet alice_late;
    const auto outcomes = alice_late.punch(kUdp, late, 0ms);
    alice_late.check_connected(outcomes);
    CHECK(outcomes.alices.attempts.front().won);
    CHECK(outcomes.bobs.attempts.front().won);
    PunchNet bob_late;
    bob_late.check_connected(bob_late.punch(kUdp, 0ms, late));
  }
}

TEST_CASE("nobody comes in whom nobody has knocked for") {
  PunchNet net;
  const auto outcome = net.world.run(net.alice.host.punch(net.call(net.bob, PunchRole::kClient, kUdp)));
  CHECK(outcome.error == Errc::kPunchFailed);
  const auto knocked = net.world.run(net.bob.host.punch(net.call(net.alice, PunchRole::kServer, kUdp)));
  CHECK(knocked.error == Errc::kPunchFailed);
  CHECK(knocked.attempts.front().why == "knocked, and nobody came");
}

TEST_CASE("over both transports at once one connection is left") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    PunchNet net(nat_of_type("port-restricted"), nat_of_type("port-restricted"), {}, seed);
    PunchCall alices = net.call(net.bob, PunchRole::kClient, Protocol::kTcp);
    PunchCall bobs = net.call(net.alice, PunchRole::kServer, Protocol::kTcp);
    alices.addresses.push_back(PunchNet::outer(net.bob_machine, kUdp));
    bobs.addresses.push_back(PunchNet::outer(net.alice_machine, kUdp));
    net.check_connected(net.punch(std::move(alices), std::move(bobs)));
  }
}

TEST_CASE("of many addresses the first are dialed, and the client knocks at the rest") {
  PunchNet net;
  PunchCall call{.peer = net.bob.host.peer_id(), .role = PunchRole::kClient};
  for (int i = 0; i < 70; ++i) {
    const std::string text = "/ip4/203.0.113.9/udp/" + std::to_string(5000 + i) + "/quic-v1";
    call.addresses.push_back(value_or_throw(Multiaddr::parse(text)));
  }
  call.time_max = 2s;
  const auto outcome = net.world.run(net.alice.host.punch(call));
  REQUIRE(outcome.attempts.size() == 70);
  CHECK(outcome.attempts[7].why == "nobody answered");
  CHECK(outcome.attempts[8].why == "knocked, and nobody came");
  CHECK(outcome.attempts[63].why == "knocked, and nobody came");
  CHECK(outcome.attempts[64].error == Errc::kLimitReached);
}

TEST_CASE("a client whose NAT is hard dials who has knocked at all the ports it may come from") {
  PunchNet net(nat_of_type("symmetric-sequential"));
  PunchCall bobs{.peer = net.alice.host.peer_id(), .role = PunchRole::kServer};
  const PunchCall alices = net.call(net.bob, PunchRole::kClient, kUdp);
  // The ports after the last one that was seen.
  TestNode server(net.world.add_machine("server"));
  const auto seen = net.world.run(net.alice.host.connect(server.listen_quic()));
  net.world.loop().advance(1s);
  REQUIRE(server.host.connections().size() == 1);
  const auto mapped = endpoint_of(server.host.connections().front()->remote_address(), kUdp);
  for (std::uint16_t port = mapped->port; port < mapped->port + 10; ++port) {
    const std::string text = "/ip4/203.0.113.1/udp/" + std::to_string(port) + "/quic-v1";
    bobs.addresses.push_back(value_or_throw(Multiaddr::parse(text)));
  }
  const auto outcomes = net.punch(alices, std::move(bobs));
  REQUIRE(outcomes.bobs.connection);
  CHECK(outcomes.alices.connection);
  CHECK(std::ranges::count(outcomes.bobs.attempts, true, &DialOutcome::won) == 1);
  net.world.run(server.host.close());
}

TEST_CASE("two clients end up with one connection, the same one") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    PunchNet net(nat_of_type("port-restricted"), nat_of_type("port-restricted"), {}, seed);
    PunchCall bobs = net.call(net.alice, PunchRole::kClient, kUdp);
    const auto outcomes = net.punch(net.call(net.bob, PunchRole::kClient, kUdp), std::move(bobs));
    REQUIRE(outcomes.alices.connection);
    REQUIRE(outcomes.bobs.connection);
    net.world.loop().advance(30s);
    REQUIRE(net.alice.host.connections().size() == 1);
    REQUIRE(net.bob.host.connections().size() == 1);
    CHECK(net.alice.host.connections().front()->direction() !=
          net.bob.host.connections().front()->direction());
  }
}

TEST_CASE("a spare connection goes when nothing runs on it any more, and not before") {
  PunchNet net;
  PunchCall bobs = net.call(net.alice, PunchRole::kClient, kUdp);
  const auto outcomes = net.punch(net.call(net.bob, PunchRole::kClient, kUdp), std::move(bobs));
  REQUIRE(outcomes.alices.connection);
  net.world.loop().advance(500ms);
  const auto both = net.alice.host.connections();
  REQUIRE(both.size() == 2);
  std::vector<StreamPtr> streams;
  const Bytes word = to_bytes("word");
  for (const ConnectionPtr& connection : both) {
    streams.push_back(net.world.run(connection->open_stream(ProtocolId(kEcho))));
    net.world.run(streams.back()->write(word));
  }
  net.world.loop().advance(20s);
  CHECK(net.alice.host.connections().size() == 2);
  for (const StreamPtr& stream : streams) {
    net.world.run(stream->close_write());
    CHECK(net.world.run(read_to_end(*stream, 100)) == word);
  }
  net.world.loop().advance(10s);
  CHECK(net.alice.host.connections().size() == 1);
  CHECK(net.bob.host.connections().size() == 1);
}
