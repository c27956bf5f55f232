// Whole nodes on simulated machines: what the scenarios of this folder are played on.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "warren/node/node.hpp"
#include "warren/sim/world.hpp"

namespace warren {

// The seed of a run: WARREN_SIM_SEED, or the one that the scenario names.
inline std::uint64_t scenario_seed(std::uint64_t otherwise) {
  const char* given = std::getenv("WARREN_SIM_SEED");
  return given == nullptr ? otherwise : std::strtoull(given, nullptr, 10);
}

// A service that answers with the question read backwards.
inline Task<Bytes> reverse(ServiceCall call) {
  std::ranges::reverse(call.payload);
  co_return std::move(call.payload);
}

class NodeWorld {
 public:
  explicit NodeWorld(std::uint64_t seed) : world(seed) {}
  // Stops what still runs.
  ~NodeWorld() {
    for (const auto& node : nodes_) world.run(node->stop());
  }

  // What a scenario may want to be otherwise than in most others.
  struct Wishes {
    IdentityMode identity = IdentityMode::kBound;
    KeyType peer_key_type = KeyType::kEd25519;  // in mode kBound
    std::string network = "main";
    std::vector<Multiaddr> bootstrap = {};
    std::optional<std::array<std::uint8_t, 32>> pre_shared_key = {};
    std::vector<std::string> securities = {"/noise", "/tls/1.0.0"};
  };

  // A started node on a machine of its own, listening on its address; keys come from the machine's seeded
  // generator.
  Node& add_node(const std::string& name) { return add_node(name, Wishes{}); }
  Node& add_node(const std::string& name, Wishes wishes) {
    sim::Machine& machine = world.add_machine(name);
    const RandomFill random = [&machine](MutableBytes to) { machine.env().random.fill(to); };
    Config config{.node_key = Sm2PrivateKey::generate(random),
                  .identity = wishes.identity,
                  .network = wishes.network,
                  .pre_shared_key = wishes.pre_shared_key,
                  .bootstrap = std::move(wishes.bootstrap),
                  .discovery = {.mdns = false},
                  .securities = std::move(wishes.securities)};
    if (wishes.identity == IdentityMode::kBound) {
      config.peer_key = PrivateKey::generate(wishes.peer_key_type, random);
    }
    config.listen.push_back(
        value_or_throw(Multiaddr::parse("/ip4/" + machine.address().to_string() + "/tcp/4001")));
    nodes_.push_back(std::make_unique<Node>(machine.env(), std::move(config)));
    machines_.push_back(&machine);
    world.run(nodes_.back()->start());
    return *nodes_.back();
  }

  sim::Machine& machine(std::size_t index) { return *machines_.at(index); }

  sim::World world;

 private:
  std::vector<sim::Machine*> machines_;
  std::vector<std::unique_ptr<Node>> nodes_;
};

// How others dial this node.
inline Target target_of(const Node& node) {
  return Target(PeerInfo{node.peer_id(), node.addresses()});
}

}  // namespace warren
