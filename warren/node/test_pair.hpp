// Test support: two started nodes of one world, bob's events recorded.
#pragma once

#include <algorithm>
#include <iterator>

#include "warren/node/node.hpp"
#include "warren/sim/world.hpp"

namespace warren::test {

struct Pair {
  explicit Pair(SwarmLimits limits_of_bob = {}, std::vector<AccessList::Entry> access_of_bob = {})
      : alice_machine(world.add_machine("alice")),
        bob_machine(world.add_machine("bob")),
        alice(alice_machine.env(), config(alice_machine)),
        bob(bob_machine.env(), config(bob_machine, limits_of_bob, std::move(access_of_bob))),
        watch(bob.on_event([this](const NodeEvent& event) { events.push_back(event); })) {
    world.run(alice.start());
    world.run(bob.start());
  }
  ~Pair() {
    world.run(alice.stop());
    world.run(bob.stop());
  }

  static Config config(sim::Machine& machine, SwarmLimits limits = {},
                       std::vector<AccessList::Entry> access = {}) {
    const RandomFill random = [&machine](MutableBytes to) { machine.env().random.fill(to); };
    const std::string address = "/ip4/" + machine.address().to_string() + "/tcp/4001";
    return Config{.node_key = Sm2PrivateKey::generate(random),
                  .peer_key = PrivateKey::generate(KeyType::kEd25519, random),
                  .listen = {value_or_throw(Multiaddr::parse(address))},
                  .discovery = {.mdns = false},
                  .limits = limits,
                  .access = std::move(access),
                  .agent_version = "test/1"};
  }
  static Target target(const Node& node) { return PeerInfo{node.peer_id(), node.addresses()}; }

  std::vector<NodeEvent> of(NodeEvent::Kind kind) const {
    std::vector<NodeEvent> chosen;
    std::ranges::copy_if(events, std::back_inserter(chosen), [&](const auto& e) { return e.kind == kind; });
    return chosen;
  }

  sim::World world{7};
  sim::Machine& alice_machine;
  sim::Machine& bob_machine;
  Node alice;
  Node bob;
  std::vector<NodeEvent> events;
  Subscription watch;
};

}  // namespace warren::test
