// Test support: two nodes behind routers, with a relayed connection between them, and nothing else.
#pragma once

#include <doctest/doctest.h>

#include <map>
#include <memory>

#include "warren/async/as_result.hpp"
#include "warren/core/circuit.hpp"
#include "warren/core/test_values.hpp"
#include "warren/protocols/spray/sprayer.hpp"
#include "warren/protocols/spray/target.hpp"
#include "warren/sim/router.hpp"
#include "warren/swarm/test_circuit.hpp"
#include "warren/swarm/test_node.hpp"

namespace warren::spray::test {

using testing::address;
using testing::ip;

// QUIC's sockets, with an account of what else is sent from them.
class CountedSockets final : public SharedSockets {
 public:
  CountedSockets(SharedSockets& sockets, Clock& clock) : sockets_(sockets), clock_(clock) {}

  struct Sent {
    Instant at;
    Endpoint to;
    std::size_t size;
  };
  std::vector<Sent> sent;
  int adopted = 0;

  std::vector<Endpoint> endpoints() const override { return sockets_.endpoints(); }
  Task<void> send(Endpoint local, Endpoint remote, Bytes payload) override {
    sent.push_back({clock_.now(), remote, payload.size()});
    return sockets_.send(local, remote, std::move(payload));
  }
  Result<> adopt(std::unique_ptr<DatagramSocket> socket, Endpoint remote) override {
    ++adopted;
    return sockets_.adopt(std::move(socket), remote);
  }
  Signal<const Datagram&, const Endpoint&>& strays() override { return sockets_.strays(); }

 private:
  SharedSockets& sockets_;
  Clock& clock_;
};

// One node that sprays.
struct TestSide {
  TestSide(CircuitNet& net, sim::Machine& machine, NatPosition where, bool enabled = true)
      : circuits(net),
        node(machine, {}, {TestNode::Security::kNoise}, {}, nullptr, {&circuits}),
        position(std::move(where)),
        sockets(node.quic, machine.env().clock),
        sprayer({.host = node.host,
                 .dialer = node.host,
                 .sockets = &sockets,
                 .punches = punches,
                 .entries = entries,
                 .enabled = enabled,
                 .position = [this] { return position; }}) {
    value_or_throw(node.host.listen(address("/ip4/0.0.0.0/udp/4001/quic-v1")));
    value_or_throw(node.host.listen(address("/p2p-circuit")));
    circuits.reserve(node.host.peer_id());
    watch = sprayer.ended().subscribe([this](const PunchRound& round) { ended.push_back(round); });
    sprayer.start();
  }

  FakeCircuits circuits;
  TestNode node;
  NatPosition position;
  CountedSockets sockets;
  Limit punches{"punches_max", "", 16};
  Limit entries{"spray_entries_max", "", 600};
  Sprayer sprayer;
  std::vector<PunchRound> ended;
  Subscription watch;
};

// As a survey would find it.
inline NatPosition position_behind(const sim::Router& router) {
  const sim::NatOptions& options = router.options();
  NatPosition position;
  const bool hard = options.mapping != sim::NatBehavior::kEndpointIndependent;
  position.mapping = hard ? NatMapping::kDependent : NatMapping::kEndpointIndependent;
  position.filtering = NatFiltering::kAddressAndPort;
  if (hard) {
    const bool sequential = options.ports == sim::NatPorts::kSequential;
    position.ports = sequential ? NatPorts::kSequential : NatPorts::kRandom;
  }
  position.outside = {router.outside()};
  position.addresses = {quic_address({router.outside(), 4001})};
  position.local = {address("/ip4/192.168.1.2/udp/4001/quic-v1")};
  return position;
}

// Alice has dialed bob through a relay.
struct Pair {
  explicit Pair(std::uint64_t seed, std::string_view alices = "port-restricted",
                std::string_view bobs = "symmetric-random", bool bob_enabled = true, bool carriers = false)
      : world(seed),
        home_a(world.add_router("a", sim::NatOptions::of_type(alices).value(), ip("203.0.113.1"))),
        home_b(world.add_router("b", sim::NatOptions::of_type(bobs).value(), ip("203.0.113.2"))),
        alice(net, world.add_machine_behind(inner(home_a, carriers), "alice"), position_behind(home_a)),
        bob(net, world.add_machine_behind(inner(home_b, carriers), "bob"), position_behind(home_b),
            bob_enabled) {
    world.set_link(alice.node.machine, bob.node.machine, {.delay = 40ms});
    connect();
  }
  // With carriers, what is said of a router is said of the carrier's, and there is a plain one behind it.
  sim::Router& inner(sim::Router& outer, bool carriers) {
    if (!carriers) return outer;
    const auto options = sim::NatOptions::of_type("port-restricted").value();
    return world.add_router(outer.name() + " at home", options, ip("100.64.0.9"), &outer);
  }
  ~Pair() {
    for (TestSide* side : {&alice, &bob}) world.run(side->sprayer.close());
    for (TestSide* side : {&alice, &bob}) world.run(side->node.host.close());
    CHECK_FALSE(world.loop().busy());
  }

  void connect() {
    const auto key =
        PrivateKey::generate(KeyType::kEd25519, [](MutableBytes to) { std::ranges::fill(to, 100); });
    const PeerId relay = PeerId::from_public_key(key.public_key());
    const std::string through = "/ip4/198.51.100.1/tcp/4001/p2p/" + relay.to_string();
    PeerInfo peer{bob.node.host.peer_id(), {address(through + "/p2p-circuit")}};
    at_alice = world.run(alice.node.host.connect(std::move(peer)));
    REQUIRE(is_circuit(at_alice->remote_address()));
    world.loop().advance(100ms);
    const auto all = bob.node.host.connections(alice.node.host.peer_id());
    REQUIRE(all.size() == 1);
    at_bob = all.front();
  }
  PunchRound spray(bool alice_begins = true) {
    return world.run(alice_begins ? alice.sprayer.spray(at_alice) : bob.sprayer.spray(at_bob));
  }
  static bool is_direct(const TestSide& from, const TestSide& to) {
    return std::ranges::any_of(from.node.host.connections(to.node.host.peer_id()),
                               [](const ConnectionPtr& each) { return !is_circuit(each->remote_address()); });
  }
  bool is_direct() const { return is_direct(alice, bob) && is_direct(bob, alice); }
  // What comes of words of our own, from alice to bob.
  Result<Message> say(Message message) {
    return world.run(as_result(exchange(at_alice, std::move(message))));
  }
  static Task<Message> exchange(ConnectionPtr connection, Message message) {
    StreamPtr stream = co_await connection->open_stream(ProtocolId(kProtocol));
    const Bytes bytes = encode(message);
    co_await write_delimited(*stream, bytes);
    const Bytes answer = co_await read_delimited(*stream, kMessageSizeMax);
    co_return value_or_throw(decode(answer));
  }

  sim::World world;
  CircuitNet net{world};
  sim::Router& home_a;
  sim::Router& home_b;
  TestSide alice;
  TestSide bob;
  ConnectionPtr at_alice;
  ConnectionPtr at_bob;
};

}  // namespace warren::spray::test
