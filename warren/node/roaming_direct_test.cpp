// Whole nodes behind routers that move, or whose router forgets them: requests go on over a relay within two
// seconds, and directly within five.
#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/node/test_suburb.hpp"

using namespace warren;
using test::Suburb;

namespace {

Task<void> ask_until_answered(Node* from, NodeId whom, PathPolicy policy) {
  Clock& clock = from->host().env().clock;
  while (true) {
    auto asking = from->request(whom, "echo", to_bytes(as_bytes("there?")), 30s, policy);
    const auto answered = co_await as_result(std::move(asking));
    if (answered) co_return;
    co_await clock.sleep_for(50ms);
  }
}

// Two homes that talk over a direct path, and take part in no topics: with the streams of these on each new
// connection the way back takes up to six and a half seconds (docs/nat.md).
struct Neighbours {
  Neighbours() {
    const auto without_topics = [](Config& config) { config.broadcast.enabled = false; };
    net.world.loop().advance(1s);
    alice = &net.add_home("alice", "port-restricted", without_topics);
    bob = &net.add_home("bob", "port-restricted", without_topics);
    for (Node* const node : {alice, bob})
      node->serve("echo", [](ServiceCall call) -> Task<Bytes> { co_return call.payload; });
    net.world.loop().advance(6s);
    ask(*alice, *bob);
    REQUIRE(until_direct(20s) < 20s);
    net.world.loop().advance(40s);
    ask(*alice, *bob);
  }

  Duration ask(Node& from, Node& whom, PathPolicy policy = PathPolicy::kAny) {
    const Instant began = net.world.clock().now();
    net.world.run(ask_until_answered(&from, whom.node_id(), policy));
    return net.world.clock().now() - began;
  }
  bool is_direct() const {
    for (const PeerStatus& status : alice->peers()) {
      if (status.peer_id == bob->peer_id() && !is_circuit(status.address)) return true;
    }
    return false;
  }
  Duration until_direct(Duration limit) {
    const Instant began = net.world.clock().now();
    while (!is_direct() && net.world.clock().now() - began < limit) net.world.loop().advance(50ms);
    return net.world.clock().now() - began;
  }
  void move_alice(std::vector<IpAddress> addresses = {IpAddress::v4({10, 0, 0, 7})}) {
    sim::Router& elsewhere = net.world.add_router("elsewhere", *sim::NatOptions::of_type("port-restricted"),
                                                  IpAddress::v4({99, 2, 2, 2}));
    net.world.move_behind(*net.machines[2], &elsewhere, std::move(addresses));
  }

  Suburb net;
  Node* alice = nullptr;
  Node* bob = nullptr;
};

}  // namespace

TEST_CASE("a home that moves is answered within two seconds, and directly within five") {
  for (const bool mover_asks : {true, false}) {
    CAPTURE(mover_asks);
    Neighbours homes;
    Node& asker = mover_asks ? *homes.alice : *homes.bob;
    Node& asked = mover_asks ? *homes.bob : *homes.alice;
    homes.move_alice();
    const Duration answered = homes.ask(asker, asked);
    CHECK(answered < 2s);
    homes.net.world.loop().advance(std::max<Duration>(5s - answered, 1ms));
    CHECK(homes.ask(asker, asked, PathPolicy::kDirectOnly) < 500ms);
  }
}

TEST_CASE("after its provider gave a home another address it is answered within ten seconds, and directly") {
  Neighbours homes;
  homes.net.routers[0]->set_outside(IpAddress::v4({99, 2, 2, 2}));
  const Duration answered = homes.ask(*homes.bob, *homes.alice);
  CHECK(answered < 10s);
  CHECK(homes.ask(*homes.bob, *homes.alice, PathPolicy::kDirectOnly) < 15s);
}
