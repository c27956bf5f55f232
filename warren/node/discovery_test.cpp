// Nodes that know one address find each other by identity, notice who comes and goes, and come back.
#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/node/test_town.hpp"
#include "warren/storage/test_folder.hpp"

using namespace warren;
using test::Pair;
using test::Town;

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

TEST_CASE("a request to a node that we often talk to waits for no lookup after it has moved") {
  Town net(6);
  net.world.loop().advance(20s);
  Node& alice = *net.nodes[1];
  Node& bob = *net.nodes[4];
  bob.serve("echo", [](ServiceCall call) -> Task<Bytes> { co_return call.payload; });
  for (int i = 0; i < 5; ++i) net.world.run(alice.request(bob.node_id(), "echo", Bytes{1}));
  const NodeId wanted = bob.node_id();
  net.world.run(bob.stop());
  net.world.move(*net.machines[4], {value_or_throw(IpAddress::parse("203.0.113.9"))});
  net.world.loop().advance(5s);
  Node& moved = net.start(4);
  moved.serve("echo", [](ServiceCall call) -> Task<Bytes> { co_return call.payload; });
  net.world.loop().advance(90s);

  const AddressCacheCounters before = alice.discovery().address_cache();
  CHECK(before.refreshes > 0);
  CHECK(net.world.run(alice.request(wanted, "echo", Bytes{2})) == Bytes{2});
  const AddressCacheCounters after = alice.discovery().address_cache();
  CHECK(after.lookups == before.lookups);
  CHECK(after.hits == before.hits + 1);
}

TEST_CASE("nodes that have only a rendezvous point in common find each other") {
  Town net(0);
  net.add("point", {}, [](Config& config) { config.discovery.rendezvous_server = true; });
  const Town::Adjust no_more_than_that = [&net](Config& config) {
    config.bootstrap.clear();
    config.discovery.dht = false;
    config.discovery.rendezvous_points = {net.bootstrap};
  };
  Node& alice = net.add("alice", {}, no_more_than_that);
  net.world.loop().advance(1s);  // else both dial in one instant, which TCP takes for something else
  Node& bob = net.add("bob", {}, no_more_than_that);
  net.world.loop().advance(90s);
  CHECK_FALSE(alice.host().connections(bob.peer_id()).empty());
  const auto listed = alice.discovery().bootstrap();
  CHECK(std::ranges::any_of(listed, [](const BootstrapPeer& peer) { return peer.source == "rendezvous"; }));
}

TEST_CASE("without a DHT a NodeID is found as long as its binding is known, and not otherwise") {
  Town net(0);
  net.add("alice", {}, [](Config& config) { config.discovery.dht = false; });
  const NodeId nobody(Pair::config(*net.machines[0]).node_key.public_key());
  const auto found = net.world.run(as_result(net.nodes[0]->discovery().find(nobody)));
  REQUIRE_FALSE(found.has_value());
  CHECK(found.error() == Errc::kNoPeers);
}

TEST_CASE("the time of a request counts from its beginning: to look for the node is part of it") {
  Town net(2);
  net.world.loop().advance(5s);
  const NodeId wanted = net.nodes[1]->node_id();
  Node& alice = *net.nodes[0];
  net.world.run(alice.connect(wanted));
  net.world.cut(*net.machines[0], *net.machines[1]);
  for (const ConnectionPtr& connection : alice.host().connections()) connection->close();
  net.world.loop().advance(1s);
  const Instant began = net.world.clock().now();
  const auto answer = net.world.run(as_result(alice.request(wanted, "echo", Bytes{1}, 2s)));
  REQUIRE_FALSE(answer.has_value());
  CHECK(answer.error() == Errc::kTimedOut);
  CHECK(net.world.clock().now() - began <= 2s + 100ms);
}

TEST_CASE("a client of the DHT is in nobody's table, and is found all the same") {
  Town net(5);
  Node& home = net.add("home", {}, [](Config& config) {
    config.discovery.profile = Profile::kHome;
    config.discovery.dht_mode = kad::Mode::kClient;
  });
  net.world.loop().advance(30s);
  for (std::size_t i = 0; i < 5; ++i) {
    const std::vector<PeerId> table = net.nodes[i]->discovery().dht()->table();
    CHECK(std::ranges::find(table, home.peer_id()) == table.end());
  }
  const FindReport report = net.world.run(net.nodes[3]->discovery().find(home.node_id(), true));
  CHECK(report.peer.id == home.peer_id());
  CHECK_FALSE(report.peer.addresses.empty());
  CHECK(net.world.run(net.nodes[3]->connect(home.node_id())).node_id == home.node_id());
}

TEST_CASE("a home that others can reach becomes a server of the DHT by itself") {
  Town net(3);
  Node& home = net.add("home", {}, [](Config& config) { config.discovery.profile = Profile::kHome; });
  CHECK(home.discovery().dht()->mode() == kad::Mode::kClient);
  net.world.loop().advance(30s);
  CHECK(home.reachability().status().reachability == autonat::Verdict::kReachable);
  CHECK(home.discovery().dht()->mode() == kad::Mode::kServer);
  const std::vector<PeerId> table = net.nodes[0]->discovery().dht()->table();
  CHECK(std::ranges::find(table, home.peer_id()) != table.end());
}
