#include "warren/protocols/rendezvous/registrant.hpp"

#include <doctest/doctest.h>

#include "warren/protocols/rendezvous/server.hpp"
#include "warren/swarm/test_node.hpp"

using namespace warren;
using namespace warren::rendezvous;

namespace {

constexpr std::uint8_t kPointSeed = 9;

struct Village {
  // A rendezvous point that can be restarted: the same peer at the same place.
  struct Point {
    explicit Point(Village& village)
        : node(village.point_machine, {}, {TestNode::Security::kNoise}, kPointSeed),
          server(node.host, village.total, village.per_peer),
          world(village.world) {
      server.start();
      info = node.listen("/tcp/4001");
    }
    ~Point() {
      world.run(server.close());
      world.run(node.host.close());
    }
    TestNode node;
    Server server;
    sim::World& world;
    PeerInfo info;
  };

  struct Villager {
    Villager(Village& village, const std::string& name)
        : node(village.world.add_machine(name)),
          registrant(node.host, {village.point->info}, "room"),
          world(village.world) {
      node.listen();
      watch = registrant.found().subscribe([this](const PeerInfo& peer) { found.push_back(peer); });
      registrant.start();
    }
    ~Villager() {
      world.run(registrant.close());
      world.run(node.host.close());
    }
    bool knows(const PeerId& peer) const {
      return std::ranges::find(found, peer, &PeerInfo::id) != found.end();
    }
    TestNode node;
    Registrant registrant;
    sim::World& world;
    std::vector<PeerInfo> found;
    Subscription watch;
  };

  sim::World world{81};
  sim::Machine& point_machine = world.add_machine("point");
  Limit total{"total", "", 1000};
  Limit per_peer{"per_peer", "", 10};
  std::optional<Point> point{std::in_place, *this};
};

}  // namespace

TEST_CASE_FIXTURE(Village, "those who register find each other, and who comes later is found") {
  Villager alice(*this, "alice");
  world.loop().advance(2s);
  CHECK(point->server.size() == 1);
  CHECK(alice.registrant.points().front().registered);
  CHECK(alice.found.empty());
  Villager bob(*this, "bob");
  world.loop().advance(2s);
  REQUIRE(bob.found.size() == 1);
  CHECK(bob.found.front().id == alice.node.host.peer_id());
  CHECK(bob.found.front().addresses == alice.node.host.addresses());
  CHECK(!alice.knows(bob.node.host.peer_id()));
  world.loop().advance(kDiscoverInterval);
  CHECK(alice.knows(bob.node.host.peer_id()));
  const auto told = alice.found.size();
  world.loop().advance(10 * kDiscoverInterval);
  CHECK(alice.found.size() == told);  // the cookie: once each
}

TEST_CASE_FIXTURE(Village, "a registration is renewed before it ends, and withdrawn in the end") {
  {
    Villager alice(*this, "alice");
    world.loop().advance(91min);
    CHECK(alice.registrant.points().front().register_at > world.clock().now() + 80min);
    world.loop().advance(40min);
    CHECK(point->server.size() == 1);
  }
  world.loop().advance(1s);
  CHECK(point->server.size() == 0);
}

TEST_CASE_FIXTURE(Village, "a new address is registered at once, though not with each change") {
  Villager alice(*this, "alice");
  Villager bob(*this, "bob");
  world.loop().advance(2 * kDiscoverInterval);
  bob.found.clear();
  const std::uint64_t known = alice.registrant.points().front().addresses_seen;
  alice.node.listen();
  alice.node.host.events().addresses_changed.emit();
  world.loop().advance(kVisitInterval + 1s);
  CHECK(alice.registrant.points().front().addresses_seen > known);
  world.loop().advance(kDiscoverInterval);
  REQUIRE(bob.knows(alice.node.host.peer_id()));
  CHECK(bob.found.front().addresses == alice.node.host.addresses());
  CHECK(bob.node.peerstore.addresses(alice.node.host.peer_id(), world.clock().now()).size() >= 2);

  bob.found.clear();
  for (int i = 0; i < 100; ++i) {
    alice.node.host.events().addresses_changed.emit();
    world.loop().advance(100ms);
  }
  world.loop().advance(2 * kDiscoverInterval);
  CHECK(bob.found.size() <= 4);
}

TEST_CASE_FIXTURE(Village, "a point that was restarted is told again") {
  Villager alice(*this, "alice");
  Villager bob(*this, "bob");
  world.loop().advance(2 * kDiscoverInterval);
  point.reset();
  world.loop().advance(1min);
  CHECK(!alice.registrant.points().front().registered);
  CHECK(alice.registrant.points().front().error);
  point.emplace(*this);
  alice.found.clear();
  world.loop().advance(3min);
  CHECK(point->server.size() == 2);
  CHECK(alice.registrant.points().front().registered);
  CHECK(!alice.registrant.points().front().error);
  CHECK(alice.knows(bob.node.host.peer_id()));
}

TEST_CASE_FIXTURE(Village, "a point that is away is asked less and less often, and left alone in the end") {
  point.reset();
  const PeerInfo gone{value_or_throw(PeerId::parse("12D3KooWPjceQrSwdWXPyLLeABRXmuqt69Rg3sBYbU1Nft9HyQ6X")),
                      {value_or_throw(Multiaddr::parse("/ip4/203.0.113.9/tcp/1"))}};
  TestNode alice(world.add_machine("alice"));
  int dials = 0;
  const Subscription watch = alice.host.events().dialed.subscribe([&dials](const DialOutcome&) { ++dials; });
  Registrant registrant(alice.host, {gone, {alice.host.peer_id(), {}}}, "room");
  CHECK(registrant.points().size() == 1);
  registrant.start();
  world.loop().advance(1h);
  CHECK(dials >= 10);
  CHECK(dials <= 25);
  world.run(registrant.close());
  world.loop().advance(1h);
  CHECK(dials <= 25);
  world.run(registrant.close());
  world.run(alice.host.close());
}
