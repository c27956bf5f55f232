// Test support: two public servers in different networks, and homes behind routers of their own, in one
// world with 20 ms between any two machines, where nothing else is said.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "warren/node/test_pair.hpp"
#include "warren/sim/router.hpp"

namespace warren::test {

struct Suburb {
  explicit Suburb(std::size_t servers = 2, std::uint64_t seed = 23, Duration delay = 20ms)
      : world(seed), delay(delay) {
    for (std::size_t i = 0; i < servers; ++i) add_server("server" + std::to_string(i));
  }
  ~Suburb() {
    for (const auto& node : nodes) {
      if (node) world.run(node->stop());
    }
  }

  using Adjust = std::function<void(Config&)>;

  // Public, and a bootstrap peer of whoever starts later.
  Node& add_server(const std::string& name, const Adjust& adjust = {}) {
    const auto number = static_cast<std::uint8_t>(machines.size());
    machines.push_back(
        &world.add_machine(name, {IpAddress::v4({static_cast<std::uint8_t>(40 + number), 1, 1, 1})}));
    Node& node = start([&](Config& config) {
      config.discovery.profile = Profile::kServer;
      if (adjust) adjust(config);
    });
    for (const Multiaddr& address : node.addresses())
      bootstrap.push_back(address.with(Protocol::kP2p, node.peer_id().bytes()));
    return node;
  }
  // Behind a router of that type (NatOptions::of_type).
  Node& add_home(const std::string& name, std::string_view nat, const Adjust& adjust = {}) {
    const auto number = static_cast<std::uint8_t>(machines.size());
    const IpAddress outside = IpAddress::v4({static_cast<std::uint8_t>(80 + number), 2, 2, 2});
    sim::Router& router = world.add_router(name + "-router", *sim::NatOptions::of_type(nat), outside);
    machines.push_back(&world.add_machine_behind(router, name));
    routers.push_back(&router);
    return start(adjust);
  }

  Node& start(const Adjust& adjust) {
    sim::Machine& machine = *machines.back();
    for (const sim::Machine* other : machines) {
      if (other != &machine) world.set_delay(machine, *other, delay);
    }
    Config config = Pair::config(machine);
    config.listen = {value_or_throw(Multiaddr::parse("/ip4/0.0.0.0/udp/4001/quic-v1")),
                     value_or_throw(Multiaddr::parse("/ip4/0.0.0.0/tcp/4001"))};
    config.bootstrap = bootstrap;
    if (adjust) adjust(config);
    nodes.push_back(std::make_unique<Node>(machine.env(), std::move(config)));
    world.run(nodes.back()->start());
    return *nodes.back();
  }

  sim::World world;
  Duration delay;  // one way
  std::vector<Multiaddr> bootstrap;
  std::vector<sim::Machine*> machines;
  std::vector<sim::Router*> routers;
  std::vector<std::unique_ptr<Node>> nodes;
};

inline bool holds_relay(Node& node) {
  return std::ranges::any_of(node.reachability().relays(), [](const relay::ReservationStatus& reservation) {
    return reservation.state == relay::ReservationState::kHeld;
  });
}

}  // namespace warren::test
