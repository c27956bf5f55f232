// Test support: two homes behind routers that talk over a direct path, of which one moves.
#pragma once

#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/node/test_suburb.hpp"

namespace warren::test {

// Both take part in a topic, as most nodes do. With each seed the move comes at another time of what goes on
// every second.
struct Neighbours {
  explicit Neighbours(std::uint64_t seed = 23, Duration delay = 20ms) : net(2, seed, delay) {
    net.world.loop().advance(1s);
    alice = &net.add_home("alice", "port-restricted");
    bob = &net.add_home("bob", "port-restricted");
    for (Node* const node : {alice, bob}) {
      node->serve("echo", [](ServiceCall call) -> Task<Bytes> { co_return call.payload; });
      topics.push_back(node->subscribe("news", {.on_message = [](const TopicMessage&) {}}));
    }
    net.world.loop().advance(6s);
    ask(*alice, *bob);
    REQUIRE(until_direct(20s) < 20s);
    net.world.loop().advance(40s + seed * 137 % 1000 * 1ms);
    ask(*alice, *bob);
  }

  // Until the answer is there.
  Duration ask(Node& from, Node& whom, PathPolicy policy = PathPolicy::kAny) {
    const Instant began = net.world.clock().now();
    net.world.run(ask_until_answered(&from, whom.node_id(), policy));
    return net.world.clock().now() - began;
  }
  bool is_direct() const {
    return std::ranges::any_of(alice->peers(), [this](const PeerStatus& status) {
      return status.peer_id == bob->peer_id() && !is_circuit(status.address);
    });
  }
  Duration until_direct(Duration limit) {
    const Instant began = net.world.clock().now();
    while (!is_direct() && net.world.clock().now() - began < limit) net.world.loop().advance(50ms);
    return net.world.clock().now() - began;
  }
  // Whether `from` has a direct path that was opened after that.
  static bool is_direct_since(Instant then, Node& from, Node& to) {
    return std::ranges::any_of(from.host().connections(to.peer_id()), [then](const ConnectionPtr& path) {
      return !is_circuit(path->remote_address()) && path->is_open() && path->opened_at() > then;
    });
  }
  void wait_until_direct_since(Instant then, Duration limit) {
    Clock& clock = net.world.clock();
    const Instant end = clock.now() + limit;
    const auto done = [&] {
      return is_direct_since(then, *alice, *bob) && is_direct_since(then, *bob, *alice);
    };
    while (!done() && clock.now() < end) net.world.loop().advance(10ms);
  }
  void move_alice(std::vector<IpAddress> addresses = {IpAddress::v4({10, 0, 0, 7})}) {
    sim::Router& elsewhere = net.world.add_router("elsewhere", *sim::NatOptions::of_type("port-restricted"),
                                                  IpAddress::v4({99, 2, 2, 2}));
    net.world.move_behind(*net.machines[2], &elsewhere, std::move(addresses));
  }

  static Task<void> ask_until_answered(Node* from, NodeId whom, PathPolicy policy) {
    Clock& clock = from->host().env().clock;
    while (true) {
      auto asking = from->request(whom, "echo", to_bytes(as_bytes("there?")), 30s, policy);
      const auto answered = co_await as_result(std::move(asking));
      if (answered) co_return;
      co_await clock.sleep_for(50ms);
    }
  }

  Suburb net;
  Node* alice = nullptr;
  Node* bob = nullptr;
  std::vector<Subscription> topics;
};

}  // namespace warren::test
