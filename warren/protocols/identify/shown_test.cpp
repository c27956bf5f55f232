// Which addresses a node tells whom, and what identify says over a circuit.
#include <doctest/doctest.h>

#include <algorithm>

#include "warren/core/test_connection.hpp"
#include "warren/core/test_values.hpp"
#include "warren/protocols/identify/exchange.hpp"
#include "warren/protocols/identify/identify.hpp"
#include "warren/swarm/test_circuit.hpp"
#include "warren/swarm/test_node.hpp"

using namespace warren;
using namespace warren::testing;

namespace {

using Addresses = std::vector<Multiaddr>;

Addresses shown_over(const std::string& remote, const Addresses& addresses) {
  const StubConnection connection(peer_of(1), key_of(1).public_key(), address(remote));
  return identify::shown_to(connection, addresses);
}

const std::string kRelay = "/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA/p2p-circuit";
const Multiaddr kPublic = address("/ip4/203.0.113.7/tcp/1");
const Multiaddr kNamed = address("/dns4/node.example/tcp/1");
const Multiaddr kPrivate = address("/ip4/192.168.1.7/tcp/1");
const Multiaddr kCarrier = address("/ip4/100.64.1.7/tcp/1");
const Multiaddr kUnique = address("/ip6/fd00::7/tcp/1");
const Multiaddr kLoopback = address("/ip4/127.0.0.1/tcp/1");
const Multiaddr kCircuit = address("/ip4/198.51.100.1/tcp/1" + kRelay);
const Multiaddr kOwnCircuit = address("/ip4/192.168.1.1/tcp/1" + kRelay);
const Addresses kAll = {kLoopback, kPrivate, kCarrier, kUnique, kPublic, kNamed, kCircuit, kOwnCircuit};
const Addresses kToAnybody = {kPublic, kNamed, kCircuit};

}  // namespace

TEST_CASE("private addresses are told over private ones, loopback ones over loopback") {
  CHECK(shown_over("/ip4/203.0.113.99/tcp/5", kAll) == kToAnybody);
  CHECK(shown_over("/ip6/2001:db8::1/udp/5/quic-v1", kAll) == kToAnybody);
  CHECK(shown_over("/ip4/127.0.0.1/tcp/5", kAll) == kAll);
  const Addresses at_home(kAll.begin() + 1, kAll.end());
  for (const char* remote : {"/ip4/10.1.2.3/tcp/5", "/ip4/100.64.9.9/tcp/5", "/ip6/fd00::1/tcp/5",
                             "/ip6/fe80::1/tcp/5", "/ip4/169.254.1.1/tcp/5"}) {
    CHECK_MESSAGE(shown_over(remote, kAll) == at_home, remote);
  }
}

TEST_CASE("a circuit reaches as far as its relay's address") {
  CHECK(shown_over("/ip4/198.51.100.1/tcp/1" + kRelay, kAll) == kToAnybody);
  CHECK(shown_over(kRelay, kAll) == kToAnybody);
  const Addresses at_home(kAll.begin() + 1, kAll.end());
  CHECK(shown_over("/ip4/192.168.1.1/tcp/1" + kRelay, kAll) == at_home);
}

TEST_CASE("of too many addresses the public ones and circuits are told, in their order") {
  Addresses many;
  for (int i = 0; i < 300; ++i) many.push_back(address("/ip4/192.168.1.7/tcp/" + std::to_string(i + 1)));
  many.push_back(kPublic);
  for (int i = 0; i < 20; ++i)
    many.push_back(address("/ip4/198.51.100.1/tcp/" + std::to_string(i + 1) + kRelay));
  const Addresses shown = shown_over("/ip4/10.1.2.3/tcp/5", many);
  std::size_t bytes = 0;
  for (const Multiaddr& each : shown) bytes += each.bytes().size();
  CHECK(bytes <= identify::kShownBytesMax);
  CHECK(bytes > identify::kShownBytesMax - 50);
  CHECK(std::equal(many.rbegin(), many.rbegin() + 21, shown.rbegin()));
}

namespace {

struct Node : TestNode {
  Node(sim::World& world, const std::string& name, FakeCircuits& circuits)
      : TestNode(world.add_machine(name), {}, {Security::kNoise}, {}, nullptr, {&circuits}),
        identify(host, name) {
    identify.start();
    value_or_throw(host.listen(address("/p2p-circuit")));
    circuits.reserve(host.peer_id());
    observed =
        identify.observed().subscribe([this](const ConnectionPtr&, const Multiaddr&) { ++observations; });
  }
  Task<void> close() {
    co_await identify.close();
    co_await host.close();
  }
  identify::Identify identify;
  Subscription observed;
  int observations = 0;
};

}  // namespace

TEST_CASE("identify works over a circuit: all but how we are seen, which would be the relay") {
  sim::World world{3};
  CircuitNet net{world};
  FakeCircuits alice_circuits{net};
  FakeCircuits bob_circuits{net};
  Node alice(world, "alice", alice_circuits);
  Node bob(world, "bob", bob_circuits);
  const Multiaddr bobs = bob.listen().addresses.front();
  bob.host.announce("relay", {kCircuit});
  const auto relayed = world.run(alice.host.connect({bob.host.peer_id(), {kCircuit}}));
  world.loop().advance(1s);
  const auto description = alice.peerstore.description(bob.host.peer_id());
  REQUIRE(description);
  CHECK(description->agent_version == "bob");
  CHECK(alice.peerstore.peer_record_seq(bob.host.peer_id()));
  CHECK(alice.observations == 0);
  CHECK(bob.observations == 0);
  // What was told leads to a direct path.
  auto known = alice.peerstore.addresses(bob.host.peer_id(), world.clock().now());
  std::ranges::sort(known);
  Addresses expected{bobs, kCircuit};
  std::ranges::sort(expected);
  CHECK(known == expected);
  const auto direct = world.run(alice.host.connect_over(PathPolicy::kPreferDirect, {bob.host.peer_id(), {}}));
  CHECK(direct->remote_address() == bobs);
  world.loop().advance(1s);
  CHECK(alice.observations == 1);
  CHECK(bob.observations == 1);
  // And what is new is pushed over circuits, too.
  bob.host.handle("/new", [](ConnectionPtr, StreamPtr) -> Task<void> { co_return; });
  direct->close();
  world.loop().advance(2s);
  CHECK(std::ranges::count(alice.peerstore.description(bob.host.peer_id())->protocols, "/new") == 1);
  world.run(alice.close());
  world.run(bob.close());
}
