// New streams take the best path to a peer, and it is told when that is another one.
#include <doctest/doctest.h>

#include "warren/swarm/test_circuit.hpp"
#include "warren/swarm/test_echo.hpp"
#include "warren/swarm/test_node.hpp"

using namespace warren;

namespace {

// Alice can reach bob, 10 ms away, over a circuit and directly, and writes down which path is the best.
struct TwoPaths {
  TwoPaths()
      : alice_machine(world.add_machine("alice")),
        bob_machine(world.add_machine("bob")),
        alice(alice_machine, {}, {TestNode::Security::kNoise}, {}, nullptr, {&alices}),
        bob(bob_machine, {}, {TestNode::Security::kNoise}, {}, nullptr, {&bobs}),
        watch(alice.host.events().path_changed.subscribe(
            [this](const PathChange& change) { changes.push_back(change); })) {
    world.set_delay(alice_machine, bob_machine, 10ms);
    bobs.reserve(bob.host.peer_id());
    value_or_throw(bob.host.listen(value_or_throw(Multiaddr::parse("/p2p-circuit"))));
    const PeerInfo info = bob.listen();
    direct = {info.id, info.addresses};
    const Multiaddr relay = value_or_throw(Multiaddr::parse("/ip4/198.51.100.99/tcp/4001"));
    const auto circuit = relay.with(Protocol::kP2p, alice.host.peer_id().bytes());
    TestNode anybody(world.add_machine("relay"));
    relayed = {info.id,
               {relay.with(Protocol::kP2p, anybody.host.peer_id().bytes()).with(Protocol::kP2pCircuit, {})}};
    world.run(anybody.host.close());
  }
  ~TwoPaths() {
    world.run(alice.host.close());
    world.run(bob.host.close());
  }

  ConnectionPtr connect(PathPolicy policy, const PeerInfo& peer) {
    return world.run(alice.host.connect_over(policy, peer));
  }

  sim::World world{7};
  CircuitNet net{world};
  FakeCircuits alices{net};
  FakeCircuits bobs{net};
  sim::Machine& alice_machine;
  sim::Machine& bob_machine;
  TestNode alice;
  TestNode bob;
  PeerInfo direct;
  PeerInfo relayed;
  std::vector<PathChange> changes;
  Subscription watch;
};

constexpr PathHealth kSuspect{.is_suspect = true};

}  // namespace

TEST_CASE("a direct path takes over, the relayed one stays, and takes over in turn") {
  TwoPaths paths;
  const ConnectionPtr relayed = paths.connect(PathPolicy::kAny, paths.relayed);
  REQUIRE(paths.changes.size() == 1);
  CHECK(paths.changes[0].best == relayed);
  const ConnectionPtr direct = paths.connect(PathPolicy::kDirectOnly, paths.direct);
  REQUIRE(paths.changes.size() == 2);
  CHECK(paths.changes[1].best == direct);
  CHECK(relayed->is_open());
  CHECK(paths.connect(PathPolicy::kAny, paths.direct) == direct);

  direct->close();
  REQUIRE(paths.changes.size() == 3);
  CHECK(paths.changes[2].best == relayed);
  relayed->close();
  REQUIRE(paths.changes.size() == 4);
  CHECK(paths.changes[3].best == nullptr);
  CHECK(paths.changes[3].peer == paths.bob.host.peer_id());
  paths.world.loop().advance(1s);
  CHECK(paths.changes.size() == 4);
}

TEST_CASE("while a direct path is suspect, what is new takes the relayed one") {
  TwoPaths paths;
  const ConnectionPtr relayed = paths.connect(PathPolicy::kAny, paths.relayed);
  const ConnectionPtr direct = paths.connect(PathPolicy::kDirectOnly, paths.direct);
  const PeerId bob = paths.bob.host.peer_id();
  direct->note_health(kSuspect);
  REQUIRE(paths.changes.size() == 3);
  CHECK(paths.changes[2].best == relayed);
  CHECK(paths.alice.host.connections(bob) == std::vector{relayed, direct});
  CHECK(paths.connect(PathPolicy::kAny, paths.direct) == relayed);
  direct->note_health(kSuspect);
  CHECK(paths.changes.size() == 3);
  direct->note_health({.round_trip_time = 20ms});
  REQUIRE(paths.changes.size() == 4);
  CHECK(paths.changes[3].best == direct);
}

TEST_CASE("who wants a direct path while the one there is is suspect gets a new one, or else that one") {
  TwoPaths paths;
  const ConnectionPtr first = paths.connect(PathPolicy::kDirectOnly, paths.direct);
  first->note_health(kSuspect);
  const ConnectionPtr second = paths.connect(PathPolicy::kDirectOnly, paths.direct);
  CHECK(second != first);
  second->close();
  paths.world.loop().advance(1s);

  paths.world.cut(paths.alice_machine, paths.bob_machine);
  const ConnectionPtr third = paths.connect(PathPolicy::kDirectOnly, paths.direct);
  CHECK(third == first);
}

TEST_CASE("who waits for another path goes on when the suspect one is healthy again") {
  TwoPaths paths;
  const ConnectionPtr first = paths.connect(PathPolicy::kDirectOnly, paths.direct);
  first->note_health(kSuspect);
  paths.world.cut(paths.alice_machine, paths.bob_machine);
  paths.world.loop().at(paths.world.clock().now() + 300ms, [&] { first->note_health({}); });
  const Instant start = paths.world.clock().now();
  CHECK(paths.connect(PathPolicy::kAny, paths.direct) == first);
  CHECK(paths.world.clock().now() - start == 300ms);
}

TEST_CASE("streams that run on a path stay there when another one is better") {
  TwoPaths paths;
  serve_echo(paths.bob.host);
  const ConnectionPtr relayed = paths.connect(PathPolicy::kAny, paths.relayed);
  StreamPtr stream = paths.world.run(relayed->open_stream(ProtocolId(kEcho)));
  const Bytes word = to_bytes("word");
  paths.world.run(stream->write(word));
  const ConnectionPtr direct = paths.connect(PathPolicy::kDirectOnly, paths.direct);
  paths.world.loop().advance(30s);
  CHECK(relayed->is_open());
  paths.world.run(stream->write(word));
  paths.world.run(stream->close_write());
  CHECK(paths.world.run(read_to_end(*stream, 100)) == to_bytes("wordword"));
}
