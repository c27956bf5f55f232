// Bootstrap peers: connected to from the start on, and kept when others have to go.
#include <doctest/doctest.h>

#include "warren/node/test_pair.hpp"

using namespace warren;
using test::Pair;

namespace {

// A started node on a machine of its own, for as long as the world lives.
struct GuestNode {
  GuestNode(sim::World& in, const std::string& name)
      : world(in), machine(in.add_machine(name)), node(machine.env(), Pair::config(machine)) {
    world.run(node.start());
  }
  ~GuestNode() { world.run(node.stop()); }

  sim::World& world;
  sim::Machine& machine;
  Node node;
};

}  // namespace

TEST_CASE("bootstrap peers stay when the connection manager closes others") {
  sim::World world(7);
  GuestNode boot(world, "boot");
  SwarmLimits limits;
  limits.connections_high = 2;
  limits.connections_low = 1;
  limits.connection_grace = 1s;
  sim::Machine& machine = world.add_machine("bob");
  Config config = Pair::config(machine, limits);
  config.bootstrap = {
      boot.node.addresses().front().with(Protocol::kP2p, boot.node.peer_id().bytes()),
  };
  Node bob(machine.env(), std::move(config));
  world.run(bob.start());
  world.loop().advance(5s);
  REQUIRE(bob.peers().size() == 1);

  std::vector<PeerId> lost;
  const auto watch = bob.on_event([&](const NodeEvent& event) {
    if (event.kind == NodeEvent::Kind::kDisconnected) lost.push_back(*event.peer);
  });
  // We chose these, too, and they are of more use; all but the last are older than the grace period.
  GuestNode carol(world, "carol");
  GuestNode dave(world, "dave");
  GuestNode erin(world, "erin");
  for (GuestNode* guest : {&carol, &dave, &erin}) {
    for (int i = 0; i < 20; ++i) world.run(bob.ping(Pair::target(guest->node)));
    world.loop().advance(5s);
  }
  CHECK_FALSE(lost.empty());
  CHECK(std::ranges::find(lost, boot.node.peer_id()) == lost.end());
  world.run(bob.stop());
}
