// Peers behind relays: topics use the relayed path while there is no other, and leave it for a direct one.
#include "warren/protocols/pubsub/test_gossip.hpp"
#include "warren/swarm/test_circuit.hpp"

using namespace warren;
using namespace warren::pubsub;

namespace {

struct Circuits {
  Circuits() {
    net.bytes_each_way_max = 10 * 1024 * 1024;
    for (GossipNode* node : {&alice, &bob}) {
      value_or_throw(node->host.listen(value_or_throw(Multiaddr::parse("/p2p-circuit"))));
      node->join("t");
    }
    alice_circuits.reserve(alice.info.id);
    bob_circuits.reserve(bob.info.id);
    const auto key =
        PrivateKey::generate(KeyType::kEd25519, [](MutableBytes to) { std::ranges::fill(to, 100); });
    const std::string relay = PeerId::from_public_key(key.public_key()).to_string();
    const auto address = Multiaddr::parse("/ip4/198.51.100.1/tcp/4001/p2p/" + relay + "/p2p-circuit");
    world.run(alice.host.connect(PeerInfo{bob.info.id, {value_or_throw(address)}}));
    world.loop().advance(3s);
  }
  // So many of a kilobyte each, in both directions.
  void exchange(int count) {
    for (int i = 0; i < count; ++i) {
      const std::string text = std::to_string(++sent) + std::string(1000, ' ');
      CHECK(alice.publish("t", text + "a").sent == 1);
      CHECK(bob.publish("t", text + "b").sent == 1);
    }
    world.loop().advance(2s);
    CHECK(alice.got.size() == static_cast<std::size_t>(2 * sent));
    CHECK(bob.got.size() == static_cast<std::size_t>(2 * sent));
  }
  ConnectionPtr relayed() const {
    for (const ConnectionPtr& connection : alice.host.connections(bob.info.id)) {
      if (is_circuit(connection->remote_address())) return connection;
    }
    return nullptr;
  }

  sim::World world{17};
  CircuitNet net{world};
  FakeCircuits alice_circuits{net};
  FakeCircuits bob_circuits{net};
  GossipNode alice{world, "alice", {}, {}, {&alice_circuits}};
  GossipNode bob{world, "bob", {}, {}, {&bob_circuits}};
  int sent = 0;
};

}  // namespace

TEST_CASE("messages go over a relay while there is no other path, and leave it for a direct one") {
  Circuits net;
  REQUIRE(net.relayed() != nullptr);
  net.exchange(5);
  CHECK(net.relayed()->circuit_budget()->sent > 5000);

  net.world.run(net.alice.host.connect_over(PathPolicy::kPreferDirect, net.bob.info));
  net.world.loop().advance(2s);
  const ConnectionPtr relayed = net.relayed();
  const std::uint64_t before = relayed == nullptr ? 0 : relayed->circuit_budget()->sent;
  net.exchange(20);
  if (relayed != nullptr) CHECK(relayed->circuit_budget()->sent - before < 5000);
}

TEST_CASE("a relayed path that ends is not missed when there is a direct one, nor the other way round") {
  Circuits net;
  net.exchange(1);
  net.world.run(net.alice.host.connect_over(PathPolicy::kPreferDirect, net.bob.info));
  net.world.loop().advance(2s);
  if (const ConnectionPtr relayed = net.relayed()) relayed->close();
  net.world.loop().advance(1s);
  net.exchange(5);
}
