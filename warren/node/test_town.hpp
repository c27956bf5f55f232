// Test support: nodes of a network without mDNS, in one world.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "warren/node/test_pair.hpp"
#include "warren/sim/random.hpp"

namespace warren::test {

// The first node is everybody's bootstrap peer.
struct Town {
  explicit Town(std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) add("node" + std::to_string(i));
  }
  ~Town() {
    for (const auto& node : nodes) world.run(node->stop());
  }

  // Has the last word on a node's configuration.
  using Adjust = std::function<void(Config&)>;

  Node& add(const std::string& name, const std::string& data_dir = {}, const Adjust& adjust = {}) {
    machines.push_back(&world.add_machine(name));
    return start(machines.size() - 1, data_dir, adjust);
  }
  // The same node on the same machine, with the same keys each time.
  Node& start(std::size_t number, const std::string& data_dir = {}, const Adjust& adjust = {}) {
    sim::Machine& machine = *machines[number];
    sim::SeededRandom keys(number);
    const RandomFill random = [&keys](MutableBytes to) { keys.fill(to); };
    Config config = Pair::config(machine);
    config.node_key = Sm2PrivateKey::generate(random);
    config.peer_key = PrivateKey::generate(KeyType::kEd25519, random);
    config.listen = {value_or_throw(Multiaddr::parse("/ip4/0.0.0.0/tcp/4001"))};
    config.discovery.profile = Profile::kLan;
    config.data_dir = data_dir;
    if (number > 0) config.bootstrap = {bootstrap};
    if (adjust) adjust(config);
    nodes.push_back(std::make_unique<Node>(machine.env(), std::move(config)));
    world.run(nodes.back()->start());
    if (number == 0) bootstrap = address_of(*nodes.back());
    return *nodes.back();
  }
  static Multiaddr address_of(const Node& node) {
    return node.addresses().front().with(Protocol::kP2p, node.peer_id().bytes());
  }

  sim::World world{11};
  Multiaddr bootstrap;
  std::vector<sim::Machine*> machines;
  std::vector<std::unique_ptr<Node>> nodes;
};

}  // namespace warren::test
