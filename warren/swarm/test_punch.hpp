// Test support: alice and bob, each behind a router of its own, 25 ms apart, and what their punches come to.
#pragma once

#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/core/ip_address.hpp"
#include "warren/swarm/test_echo.hpp"
#include "warren/swarm/test_node.hpp"

namespace warren {

inline sim::NatOptions nat_of_type(const std::string& type) {
  return sim::NatOptions::of_type(type).value();
}

struct PunchNet {
  // Nodes listen on port 4001 over TCP and QUIC. Without a type a machine is public.
  explicit PunchNet(std::optional<sim::NatOptions> alices = nat_of_type("port-restricted"),
                    std::optional<sim::NatOptions> bobs = nat_of_type("port-restricted"),
                    SwarmLimits limits = {}, std::uint64_t seed = 7)
      : world(seed),
        alice_machine(add("alice", alices, "203.0.113.1")),
        bob_machine(add("bob", bobs, "203.0.113.2")),
        alice(alice_machine, limits),
        bob(bob_machine, limits) {
    world.set_delay(alice_machine, bob_machine, 25ms);
    serve_echo(alice.host);
    serve_echo(bob.host);
    for (TestNode* const node : {&alice, &bob}) {
      node->listen("/tcp/4001");
      node->listen("/udp/4001/quic-v1");
    }
  }
  ~PunchNet() {
    world.run(alice.host.close());
    world.run(bob.host.close());
  }

  sim::Machine& add(const std::string& name, const std::optional<sim::NatOptions>& nat,
                    const std::string& outside) {
    if (!nat) return world.add_machine(name);
    const auto address = value_or_throw(IpAddress::parse(outside));
    return world.add_machine_behind(world.add_router(name + "'s", *nat, address), name);
  }

  // Where a node is seen from outside, while its router keeps ports.
  static Multiaddr outer(const sim::Machine& machine, Protocol transport) {
    const IpAddress ip = machine.router() != nullptr ? machine.router()->outside() : machine.address();
    const Multiaddr address = multiaddr_of(Endpoint{ip, 4001}, transport);
    return transport == Protocol::kUdp ? value_or_throw(Multiaddr::parse(address.to_string() + "/quic-v1"))
                                       : address;
  }

  PunchCall call(const TestNode& to, PunchRole role, Protocol transport) const {
    return {.peer = to.host.peer_id(), .role = role, .addresses = {outer(to.machine, transport)}};
  }

  struct Outcomes {
    PunchOutcome alices;
    PunchOutcome bobs;
  };
  static Task<void> store(SwarmHost& host, PunchCall call, Duration after, Clock& clock, PunchOutcome& to) {
    co_await clock.sleep_for(after);
    to = co_await host.punch(std::move(call));
  }
  // Alice is the client. Either begins that much later than the other.
  Outcomes punch(PunchCall alices, PunchCall bobs, Duration alice_after = {}, Duration bob_after = {}) {
    Outcomes outcomes;
    TaskGroup group(world.loop().executor(), "test");
    group.spawn(store(alice.host, std::move(alices), alice_after, world.clock(), outcomes.alices));
    group.spawn(store(bob.host, std::move(bobs), bob_after, world.clock(), outcomes.bobs));
    world.run(group.join());
    return outcomes;
  }
  Outcomes punch(Protocol transport, Duration alice_after = {}, Duration bob_after = {}) {
    return punch(call(bob, PunchRole::kClient, transport), call(alice, PunchRole::kServer, transport),
                 alice_after, bob_after);
  }

  // Alice dialed, as far as the roles go, and the two can speak.
  void check_connected(const Outcomes& outcomes) {
    REQUIRE(outcomes.alices.connection);
    REQUIRE(outcomes.bobs.connection);
    CHECK_FALSE(outcomes.alices.error);
    CHECK_FALSE(outcomes.bobs.error);
    CHECK(outcomes.alices.connection->direction() == Direction::kOutbound);
    CHECK(outcomes.bobs.connection->direction() == Direction::kInbound);
    CHECK(world.run(ask_echo(outcomes.alices.connection, to_bytes("one"))) == to_bytes("one"));
    CHECK(world.run(ask_echo(outcomes.bobs.connection, to_bytes("two"))) == to_bytes("two"));
    world.loop().advance(5s);
    CHECK(alice.host.connections().size() == 1);
    CHECK(bob.host.connections().size() == 1);
  }

  sim::World world;
  sim::Machine& alice_machine;
  sim::Machine& bob_machine;
  TestNode alice;
  TestNode bob;
};

}  // namespace warren
