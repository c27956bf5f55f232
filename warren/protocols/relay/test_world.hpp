// Test support: relays and those who need them, on simulated machines with all that is between.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "warren/async/as_result.hpp"
#include "warren/protocols/relay/client.hpp"
#include "warren/protocols/relay/service.hpp"
#include "warren/swarm/test_node.hpp"

namespace warren::relay {

// A node with circuits among its transports. It listens nowhere by itself.
struct CircuitNode {
  CircuitNode(sim::World& in, const std::string& name, std::vector<IpAddress> addresses = {})
      : world(in),
        node(in.add_machine(name, std::move(addresses)), {}, {TestNode::Security::kNoise}, {}, {},
             {&circuits}) {
    circuits.attach(node.host);
  }
  ~CircuitNode() {
    if (client) world.run(client->close());
    if (service) world.run(service->close());
    world.run(node.host.close());
  }

  // As identify would: what this one knows of what the other speaks.
  void knows(CircuitNode& other) {
    node.peerstore.set_description(other.node.host.peer_id(), {.protocols = other.node.host.protocols()});
  }
  void meets(CircuitNode& relay) {
    world.run(node.host.connect(relay.info));
    knows(relay);
  }
  PeerInfo offer_relay(ServiceConfig config = {}) {
    info = node.listen();
    service.emplace(node.host, config);
    service->start();
    return info;
  }
  Client& need_relays(ClientConfig config = {}) {
    REQUIRE(node.host.listen(value_or_throw(Multiaddr::parse("/p2p-circuit"))));
    client.emplace(node.host, circuits, std::move(config));
    client->start();
    client->want(true);
    return *client;
  }
  std::size_t held() const {
    const auto all = client->reservations();
    return static_cast<std::size_t>(std::ranges::count_if(
        all, [](const ReservationStatus& status) { return status.held_since.has_value(); }));
  }
  bool holds(const CircuitNode& relay) const {
    const auto all = client->reservations();
    return std::ranges::any_of(all, [&](const ReservationStatus& status) {
      return status.relay == relay.node.host.peer_id() && status.held_since;
    });
  }
  // How others reach it by now.
  PeerInfo reached() const { return {node.host.peer_id(), client->addresses()}; }

  sim::World& world;
  CircuitTransport circuits;
  TestNode node;
  PeerInfo info;
  std::optional<Service> service;
  std::optional<Client> client;
};

// Lets time pass until it is so; how long that took.
template <class Condition>
Duration wait_until(sim::World& world, Duration limit, Condition condition) {
  const Instant began = world.clock().now();
  while (!condition() && world.clock().now() - began < limit) world.loop().advance(10ms);
  return world.clock().now() - began;
}

}  // namespace warren::relay
