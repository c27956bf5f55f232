// Heartbeats between whole hosts, on a direct path with a relayed one beside it.
#include "warren/protocols/ping/heartbeats.hpp"

#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/protocols/ping/ping.hpp"
#include "warren/swarm/test_circuit.hpp"
#include "warren/swarm/test_echo.hpp"
#include "warren/swarm/test_node.hpp"

namespace warren::ping {
namespace {

// Where bob can be reached over circuits: through a relay that nobody asks.
const std::string kCircuit =
    "/ip4/203.0.113.9/tcp/4001/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN/p2p-circuit";

// Answers pings as go-libp2p does, and counts.
struct PingServer {
  explicit PingServer(Clock& clock) : clock(clock) {}

  static Task<void> echo(PingServer& server, ByteStream& stream) {
    std::array<std::uint8_t, kPayloadSize> payload;
    while (true) {
      co_await with_timeout(server.clock, 10s, read_exactly(stream, payload));
      ++server.beats;
      co_await stream.write(payload);
    }
  }
  static Task<void> serve(PingServer& server, StreamPtr stream) {
    if (server.now == 2) throw_error(Errc::kLimitReached);
    ++server.streams;
    server.most = std::max(server.most, ++server.now);
    co_await as_result(with_timeout(server.clock, 30s, echo(server, *stream)));
    --server.now;
  }
  StreamHandler handler() {
    return [this](ConnectionPtr, StreamPtr stream) { return serve(*this, std::move(stream)); };
  }

  Clock& clock;
  int beats = 0;
  int streams = 0;
  int now = 0;
  int most = 0;
};

struct Paths {
  Paths() {
    value_or_throw(bob.host.listen(value_or_throw(Multiaddr::parse("/p2p-circuit"))));
    circuits_of_bob.reserve(bob.host.peer_id());
    bob.host.handle(ProtocolId(kProtocol), server.handler());
    serve_echo(bob.host);
    heartbeats.start();
  }
  ~Paths() {
    uses.reset();
    world.run(heartbeats.close());
    world.run(alice.host.close());
    world.run(bob.host.close());
    CHECK_FALSE(world.loop().busy());
  }

  ConnectionPtr connect_relayed() {
    const PeerInfo over{bob.host.peer_id(), {value_or_throw(Multiaddr::parse(kCircuit))}};
    return world.run(alice.host.connect_over(PathPolicy::kAny, over));
  }
  ConnectionPtr connect_direct(bool quic) {
    const PeerInfo info = quic ? bob.listen_quic() : bob.listen();
    return world.run(alice.host.connect_over(PathPolicy::kPreferDirect, info));
  }
  // Both, the relayed one first.
  void connect(bool quic = true) {
    relayed = connect_relayed();
    REQUIRE(is_circuit(relayed->remote_address()));
    direct = connect_direct(quic);
    REQUIRE_FALSE(is_circuit(direct->remote_address()));
    REQUIRE(alice.host.connections(bob.host.peer_id()).size() == 2);
  }
  // Somebody waits for an answer over it all the while.
  void use(const ConnectionPtr& connection, Duration duration) {
    for (Duration passed{}; passed < duration; passed += 1s) {
      heartbeats.note_use(*connection);
      world.loop().advance(std::min<Duration>(duration - passed, 1s));
    }
  }
  Duration until_closed(const ConnectionPtr& connection, bool used, Duration limit = 1min) {
    const Instant begin = world.clock().now();
    while (connection->is_open() && world.clock().now() - begin < limit) {
      if (used) heartbeats.note_use(*connection);
      world.loop().advance(100ms);
    }
    return world.clock().now() - begin;
  }

  sim::World world{11};
  CircuitNet net{world};
  FakeCircuits circuits_of_alice{net};
  FakeCircuits circuits_of_bob{net};
  TestNode alice{world.add_machine("alice"), {}, {TestNode::Security::kNoise}, {}, nullptr,
                 {&circuits_of_alice}};
  TestNode bob{world.add_machine("bob"), {}, {TestNode::Security::kNoise}, {}, nullptr, {&circuits_of_bob}};
  PingServer server{bob.machine.env().clock};
  Heartbeats heartbeats{alice.host};
  Subscription uses;
  ConnectionPtr relayed;
  ConnectionPtr direct;
};

TEST_CASE("a path without an alternative costs nothing, used or not") {
  Paths net;
  SUBCASE("direct") {
    net.direct = net.connect_direct(true);
  }
  SUBCASE("relayed") {
    net.direct = net.connect_relayed();
  }
  net.use(net.direct, 10s);
  net.world.loop().advance(1h);
  CHECK(net.direct->is_open());
  CHECK(net.heartbeats.watched() == 0);
  CHECK(net.server.streams == 0);
}

TEST_CASE("a direct path and its standby are beaten, and their health is known") {
  Paths net;
  net.connect();
  CHECK(net.heartbeats.watched() == 2);
  net.world.loop().advance(1min);
  for (const ConnectionPtr& path : {net.direct, net.relayed}) {
    CHECK(path->health().round_trip_time >= 20ms);
    CHECK(path->health().round_trip_time <= 100ms);
    CHECK(path->health().loss == 0);
    CHECK_FALSE(path->health().is_suspect);
  }
}

TEST_CASE("an idle hour is some hundred beats") {
  Paths net;
  net.connect();
  net.world.loop().advance(1min);
  net.server.beats = 0;
  const std::uint64_t before = net.alice.quic.bytes_sent();
  net.world.loop().advance(1h);
  CHECK(net.server.beats >= 300);
  CHECK(net.server.beats <= 460);
  const std::uint64_t sent = net.alice.quic.bytes_sent() - before;
  MESSAGE("an idle hour: ", net.server.beats, " beats, bytes over QUIC: ", sent);
  CHECK(sent < 300'000);
  CHECK(net.direct->is_open());
  CHECK(net.relayed->is_open());
}

TEST_CASE("a used direct path that is cut is closed within three seconds, and the relayed one is left") {
  Paths net;
  bool quic = true;
  SUBCASE("QUIC") {}
  SUBCASE("TCP") {
    quic = false;
  }
  net.connect(quic);
  net.use(net.direct, 10s);
  net.world.cut(net.alice.machine, net.bob.machine);
  CHECK(net.until_closed(net.direct, true) <= 3100ms);
  net.world.loop().advance(5s);
  CHECK(net.direct->end_reason() == Errc::kPathSilent);
  CHECK(net.relayed->is_open());
  const auto left = net.alice.host.connections(net.bob.host.peer_id());
  REQUIRE(left.size() == 1);
  CHECK(left.front() == net.relayed);
  CHECK(net.heartbeats.watched() == 0);
}

TEST_CASE("the first use of a path that died while it was idle finds it") {
  Paths net;
  net.connect();
  net.world.loop().advance(1min);
  net.world.cut(net.alice.machine, net.bob.machine);
  net.world.loop().advance(1s);
  CHECK(net.until_closed(net.direct, true) <= 3100ms);
  CHECK(net.relayed->is_open());
}

TEST_CASE("nobody uses it: found, too, and the way through the NAT is beaten when the circuit is gone") {
  Paths net;
  net.connect();
  net.world.loop().advance(1min);
  net.relayed->close();
  net.world.loop().advance(1min);
  CHECK(net.heartbeats.watched() == 1);
  CHECK(net.direct->is_open());
  net.world.cut(net.alice.machine, net.bob.machine);
  CHECK(net.until_closed(net.direct, false) <= 40s);
}

TEST_CASE("a silence of some seconds, in which nothing of the peer answers, is survived") {
  Paths net;
  net.connect();
  net.net.waiting.clear();
  net.relayed->close();
  net.use(net.direct, 10s);
  net.world.cut(net.alice.machine, net.bob.machine);
  net.use(net.direct, 3s);
  net.world.mend(net.alice.machine, net.bob.machine);
  net.use(net.direct, 20s);
  CHECK(net.direct->is_open());
}

TEST_CASE("bytes that arrive speak for a path whose beats are stuck behind them") {
  Paths net;
  net.connect(false);
  net.use(net.direct, 10s);
  net.world.cut(net.alice.machine, net.bob.machine);
  for (int i = 0; i < 20; ++i) {
    net.heartbeats.note_heard(*net.direct);
    net.use(net.direct, 500ms);
  }
  CHECK(net.direct->is_open());
  CHECK(net.until_closed(net.direct, true) <= 3100ms);
}

TEST_CASE("go-libp2p's habits: two streams at a time, none idle for 10 s or older than 30 s") {
  Paths net;
  net.connect();
  net.use(net.direct, 2min);
  net.world.loop().advance(10min);
  net.use(net.direct, 2min);
  CHECK(net.server.most <= 2);
  CHECK(net.direct->is_open());
  CHECK(net.direct->health().loss == 0);
  // A held stream spares most of the openings.
  CHECK(net.server.streams < net.server.beats / 2);
}

TEST_CASE("a peer that does not speak ping is left alone") {
  Paths net;
  net.bob.host.unhandle(ProtocolId(kProtocol));
  net.connect();
  net.use(net.direct, 20s);
  net.world.loop().advance(5min);
  CHECK(net.direct->is_open());
  CHECK(net.relayed->is_open());
  CHECK_FALSE(net.direct->health().is_suspect);
}

TEST_CASE("after a change of the network a path has a second to answer") {
  Paths net;
  net.connect();
  net.world.loop().advance(1min);
  SUBCASE("it does") {
    net.heartbeats.check_now();
    net.world.loop().advance(1min);
    CHECK(net.direct->is_open());
  }
  SUBCASE("it does not") {
    net.world.cut(net.alice.machine, net.bob.machine);
    net.heartbeats.check_now();
    CHECK(net.until_closed(net.direct, false) <= 1100ms);
  }
  CHECK(net.relayed->is_open());
}

TEST_CASE("an hour of use on a bad way: the path is not given up") {
  Paths net;
  bool quic = true;
  double loss = 0.1;
  SUBCASE("a tenth of the packets lost, over QUIC") {}
  // The simulated TCP stalls for twice as long after each loss in a row, and has no other way to mend it.
  SUBCASE("a hundredth, over TCP") {
    quic = false;
    loss = 0.01;
  }
  net.connect(quic);
  net.world.set_link(net.alice.machine, net.bob.machine, {.delay = 150ms, .loss = loss});
  net.use(net.direct, 1h);
  CHECK(net.direct->is_open());
}

}  // namespace
}  // namespace warren::ping
