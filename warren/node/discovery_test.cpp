// Nodes that know one address find each other by identity, notice who comes and goes, and come back.
#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/node/test_pair.hpp"
#include "warren/sim/random.hpp"
#include "warren/storage/test_folder.hpp"

using namespace warren;
using test::Pair;

namespace {

// Nodes of a network without mDNS, of which the first is everybody's bootstrap peer.
struct Town {
  explicit Town(std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) add("node" + std::to_string(i));
  }
  ~Town() {
    for (const auto& node : nodes) world.run(node->stop());
  }

  Node& add(const std::string& name, const std::string& data_dir = {}) {
    machines.push_back(&world.add_machine(name));
    return start(machines.size() - 1, data_dir);
  }
  // The same node on the same machine, with the same keys each time.
  Node& start(std::size_t number, const std::string& data_dir = {}) {
    sim::Machine& machine = *machines[number];
    sim::SeededRandom keys(number);
    const RandomFill random = [&keys](MutableBytes to) { keys.fill(to); };
    Config config = Pair::config(machine);
    config.node_key = Sm2PrivateKey::generate(random);
    config.peer_key = PrivateKey::generate(KeyType::kEd25519, random);
    config.discovery.profile = Profile::kLan;
    config.data_dir = data_dir;
    if (number > 0) config.bootstrap = {bootstrap};
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

}  // namespace

TEST_CASE("a node that knows one address finds another by its NodeID alone, and talks to it") {
  Town net(6);
  net.world.loop().advance(10s);
  Node& alice = *net.nodes[1];
  Node& bob = *net.nodes[5];
  bob.serve("echo", [](ServiceCall call) -> Task<Bytes> { co_return call.payload; });
  const FindReport report = net.world.run(alice.discovery().find(bob.node_id(), true));
  CHECK(report.peer.id == bob.peer_id());
  CHECK_FALSE(report.peer.addresses.empty());
  CHECK(report.source == "dht");
  CHECK_FALSE(report.binding.steps.empty());
  CHECK(net.world.run(alice.request(bob.node_id(), "echo", to_bytes(as_bytes("hello")))) ==
        to_bytes(as_bytes("hello")));
}

TEST_CASE("a NodeID that nobody has published is not found, and said so in time") {
  Town net(4);
  net.world.loop().advance(5s);
  const NodeId nobody(Pair::config(*net.machines[0]).node_key.public_key());
  const auto found = net.world.run(as_result(net.nodes[2]->discovery().find(nobody)));
  REQUIRE_FALSE(found.has_value());
  CHECK(found.error() == Errc::kNotFound);
}

TEST_CASE("who leaves with a goodbye is gone at once, and who dies is gone within a minute") {
  Town net(6);
  net.world.loop().advance(20s);
  std::vector<NodeEvent> left;
  const auto watch = net.nodes[1]->on_event([&](const NodeEvent& event) {
    if (event.kind == NodeEvent::Kind::kLeft) left.push_back(event);
  });
  const PeerId polite = net.nodes[4]->peer_id();
  net.world.run(net.nodes[4]->stop());
  net.world.loop().advance(1s);
  REQUIRE(left.size() == 1);
  CHECK(left[0].peer == polite);
  CHECK(left[0].reason == Errc::kClosed);

  const PeerId dead = net.nodes[5]->peer_id();
  net.world.cut(*net.machines[5], *net.machines[0]);
  for (std::size_t i = 1; i < 5; ++i) net.world.cut(*net.machines[5], *net.machines[i]);
  net.world.loop().advance(60s);
  REQUIRE(left.size() == 2);
  CHECK(left[1].peer == dead);
  CHECK(left[1].reason != Errc::kClosed);
  for (const kad::Kad* dht : net.nodes[1]->discovery().dhts()) {
    const std::vector<PeerId> table = dht->table();
    CHECK(std::ranges::find(table, dead) == table.end());
  }
}

TEST_CASE("after a restart a node is back without its bootstrap peer") {
  TemporaryFolder folder;
  Town net(5);
  Node& first = net.add("traveller", folder.file(""));
  net.world.loop().advance(20s);
  net.world.run(first.stop());
  net.world.run(net.nodes[0]->stop());
  net.world.loop().advance(20s);
  Node& again = net.start(5, folder.file(""));
  net.world.loop().advance(2s);
  CHECK_FALSE(again.discovery().dht()->table().empty());
  const FindReport report = net.world.run(net.nodes[2]->discovery().find(again.node_id(), true));
  CHECK(report.peer.id == again.peer_id());
}
