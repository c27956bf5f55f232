#include "warren/swarm/host.hpp"

#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/negotiation/multistream.hpp"
#include "warren/swarm/test_addresses.hpp"
#include "warren/swarm/test_echo.hpp"
#include "warren/swarm/test_node.hpp"

using namespace warren;

namespace {

Task<void> wait_for_end(StreamPtr stream) {
  std::uint8_t byte = 0;
  co_await stream->read_some(MutableBytes(&byte, 1));
}

// Connects without a word and holds the socket until the other side ends it.
Task<void> stay_silent(Network* network, Endpoint endpoint) {
  auto socket = co_await network->connect_tcp(endpoint, std::nullopt);
  co_await wait_for_end(std::move(socket));
}

Task<void> send_garbage(Network* network, Endpoint endpoint, Bytes garbage) {
  auto socket = co_await network->connect_tcp(endpoint, std::nullopt);
  co_await socket->write(garbage);
  co_await wait_for_end(std::move(socket));
}

// Two hosts, 25 ms apart; bob listens and echoes.
struct TwoHosts {
  TwoHosts() : TwoHosts(SwarmLimits{}) {}
  explicit TwoHosts(SwarmLimits bobs_limits)
      : alice_machine(world.add_machine("alice")),
        bob_machine(world.add_machine("bob")),
        alice(alice_machine),
        bob(bob_machine, bobs_limits) {
    world.set_delay(alice_machine, bob_machine, 25ms);
    world.set_delay(bob_machine, alice_machine, 25ms);
    serve_echo(bob.host);
    bob_info = bob.listen();
  }
  ~TwoHosts() {
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
  PeerInfo bob_info;
};

}  // namespace

TEST_CASE("two hosts connect and echo; from the dial to the first answer it takes three round trips") {
  TwoHosts net;
  const Instant start = net.world.clock().now();
  const auto connection = net.connect(net.bob_info);
  REQUIRE(connection);
  CHECK((*connection)->remote_peer() == net.bob.host.peer_id());
  CHECK((*connection)->direction() == Direction::kOutbound);
  CHECK(net.world.run(ask_echo(*connection, to_bytes("hello"))) == to_bytes("hello"));
  CHECK(net.world.clock().now() - start == 3 * 50ms);

  REQUIRE(net.bob.host.connections().size() == 1);
  const ConnectionPtr inbound = net.bob.host.connections().front();
  CHECK(inbound->remote_peer() == net.alice.host.peer_id());
  CHECK(inbound->remote_address() == (*connection)->local_address());
}

TEST_CASE("a second connect, and concurrent ones, use the one connection") {
  TwoHosts net;
  std::vector<ConnectionPtr> connections;
  TaskGroup dialing(net.alice_machine.env().executor, "test");
  const auto dial = [](SwarmHost* host, PeerInfo peer,
                       std::vector<ConnectionPtr>* connections) -> Task<void> {
    connections->push_back(co_await host->connect(std::move(peer)));
  };
  for (int i = 0; i < 5; ++i) dialing.spawn(dial(&net.alice.host, net.bob_info, &connections));
  net.world.run(dialing.join());
  connections.push_back(*net.connect({net.bob_info.id, {}}));
  CHECK(connections.size() == 6);
  CHECK(std::ranges::all_of(connections, [&](const ConnectionPtr& c) { return c == connections.front(); }));
  net.world.loop().advance(1s);
  CHECK(net.bob.host.connections().size() == 1);
}

TEST_CASE("a dial that fails says why, for each address") {
  TwoHosts net;
  const auto address = [](std::string text) { return value_or_throw(Multiaddr::parse(text)); };
  const PeerId bob = net.bob_info.id;
  const std::string host = "/ip4/" + net.bob_machine.address().to_string();

  CHECK(net.connect({bob, {}}).error() == Errc::kNoAddresses);
  CHECK(net.connect({net.alice.host.peer_id(), {}}).error() == Errc::kSelfDial);
  CHECK(net.connect({bob, {address(host + "/tcp/1")}}).error() == Errc::kRefused);
  CHECK(net.connect({bob, {address(host + "/udp/1/quic-v1")}}).error() == Errc::kUnreachable);

  const PeerId somebody_else =
      PeerId::from_public_key(PrivateKey::generate(KeyType::kEd25519, [](MutableBytes to) {
                                std::ranges::fill(to, 9);
                              }).public_key());
  CHECK(net.connect({somebody_else, net.bob_info.addresses}).error() == Errc::kPeerIdMismatch);

  // A dead address before the good one only costs time.
  CHECK(net.connect({bob, {address("/ip4/203.0.113.1/tcp/9"), net.bob_info.addresses.front()}}));
}

TEST_CASE("what() of a failed connect names each address") {
  TwoHosts net;
  const auto address =
      value_or_throw(Multiaddr::parse("/ip4/" + net.bob_machine.address().to_string() + "/tcp/1"));
  CHECK_THROWS_WITH_AS(net.world.run(net.alice.host.connect({net.bob_info.id, {address}})),
                       doctest::Contains(address.to_string().c_str()), std::system_error);
}

TEST_CASE("a dial over a dead link ends by its time limit") {
  TwoHosts net;
  net.world.cut(net.alice_machine, net.bob_machine);
  const Instant start = net.world.clock().now();
  CHECK(net.connect(net.bob_info).error() == Errc::kTimedOut);
  CHECK(net.world.clock().now() - start <= SwarmLimits{}.dial_timeout);
}

TEST_CASE("both sides hear of the end, and a stream on a closed connection says so") {
  TwoHosts net;
  int bobs_disconnected = 0;
  const auto watch =
      net.bob.host.events().disconnected.subscribe([&](const ConnectionPtr&) { ++bobs_disconnected; });
  const ConnectionPtr connection = *net.connect(net.bob_info);
  net.world.run(ask_echo(connection, to_bytes("x")));
  connection->close();
  net.world.loop().advance(1s);
  CHECK(bobs_disconnected == 1);
  CHECK_FALSE(connection->is_open());
  CHECK(net.alice.host.connections().empty());
  CHECK(net.bob.host.connections().empty());
  CHECK(net.world.run(as_result(ask_echo(connection, to_bytes("x")))).error() == Errc::kClosed);
}

TEST_CASE("connections that end with their host have ended in good order") {
  TwoHosts net;
  const ConnectionPtr connection = *net.connect(net.bob_info);
  net.world.run(net.alice.host.close());
  CHECK(connection->end_reason() == Errc::kClosed);
}

TEST_CASE("a crashed peer is noticed, and dialing it again works once it is back") {
  TwoHosts net;
  const ConnectionPtr connection = *net.connect(net.bob_info);
  net.bob_machine.crash();
  const auto answer = net.world.run(as_result(ask_echo(connection, to_bytes("x"))));
  CHECK_FALSE(answer);
  net.world.loop().advance(1s);
  CHECK(net.alice.host.connections().empty());
  CHECK(net.connect(net.bob_info).error() == Errc::kRefused);
}

TEST_CASE("an unknown protocol and a failing handler end their stream only") {
  TwoHosts net;
  net.bob.host.handle("/fails/1.0.0", [](ConnectionPtr, StreamPtr) -> Task<void> {
    throw_error(Errc::kMalformed);
    co_return;
  });
  const ConnectionPtr connection = *net.connect(net.bob_info);
  const auto open_and_read = [](ConnectionPtr connection, ProtocolId protocol) -> Task<void> {
    StreamPtr stream = co_await connection->open_stream(std::move(protocol));
    std::uint8_t byte = 0;
    co_await stream->read_some(MutableBytes(&byte, 1));
  };
  CHECK(net.world.run(as_result(open_and_read(connection, "/unknown/1.0.0"))).error() ==
        Errc::kProtocolNotSupported);
  CHECK(net.world.run(as_result(open_and_read(connection, "/fails/1.0.0"))).error() == Errc::kReset);
  CHECK(net.world.run(ask_echo(connection, to_bytes("still here"))) == to_bytes("still here"));
}

TEST_CASE("slow and silent handshakes are bounded in number and time, and others are served") {
  SwarmLimits limits;
  limits.half_open_max = 4;
  TwoHosts net(limits);
  TaskGroup attackers(net.alice_machine.env().executor, "test");
  for (int i = 0; i < 20; ++i) {
    attackers.spawn(stay_silent(&net.alice_machine.env().network, endpoint_of(net.bob_info)));
  }
  net.world.loop().advance(1s);
  CHECK(attackers.size() == 4);  // the others were closed at once
  net.world.loop().advance(limits.handshake_timeout);
  CHECK(attackers.size() == 0);
  CHECK(net.connect(net.bob_info));
}

TEST_CASE("garbage instead of a handshake closes the connection, and others are served") {
  TwoHosts net;
  const Bytes header = multistream::encode(multistream::kHeader);
  Bytes then_garbage = header;
  append(then_garbage, multistream::encode("/noise"));
  append(then_garbage, Bytes(70000, 0x16));
  TaskGroup attackers(net.alice_machine.env().executor, "test");
  for (const Bytes& garbage : {Bytes(5000, 0xff), to_bytes("GET / HTTP/1.1\r\n\r\n"), Bytes(1, 0),
                               then_garbage, Bytes(header.begin(), header.end() - 1)}) {
    attackers.spawn(send_garbage(&net.alice_machine.env().network, endpoint_of(net.bob_info), garbage));
  }
  net.world.loop().advance(SwarmLimits{}.handshake_timeout + 1s);
  CHECK(attackers.size() == 0);
  CHECK(net.bob.host.connections().empty());
  CHECK(net.connect(net.bob_info));
}

TEST_CASE("connections are limited, per peer and in total") {
  SwarmLimits limits;
  limits.connections_max = 1;
  TwoHosts net(limits);
  REQUIRE(net.connect(net.bob_info));
  TestNode carol(net.world.add_machine("carol"));
  const auto refused = net.world.run(as_result(carol.host.connect(net.bob_info)));
  CHECK_FALSE(refused);
  CHECK(net.bob.host.connections().size() == 1);
  net.world.run(carol.host.close());
}

TEST_CASE("closing a host while it dials ends the dial with an error") {
  TwoHosts net;
  net.world.cut(net.alice_machine, net.bob_machine);
  std::error_code error;
  const auto dial = [](SwarmHost* host, PeerInfo peer, std::error_code* error) -> Task<void> {
    const auto connection = co_await as_result(host->connect(std::move(peer)));
    if (!connection) *error = connection.error();
  };
  TaskGroup dialing(net.alice_machine.env().executor, "test");
  dialing.spawn(dial(&net.alice.host, net.bob_info, &error));
  net.world.loop().advance(100ms);
  net.world.run(net.alice.host.close());
  net.world.run(dialing.join());
  CHECK(error == Errc::kClosed);
}
