#include "warren/swarm/punch_table.hpp"

#include <doctest/doctest.h>

#include "warren/async/task_group.hpp"
#include "warren/sim/world.hpp"

using namespace warren;

namespace {

const Endpoint kThere{IpAddress::v4({192, 0, 2, 1}), 4001};
const Endpoint kElsewhere{IpAddress::v4({192, 0, 2, 1}), 4002};

PeerId peer(sim::World& world, const std::string& name) {
  Random& random = world.add_machine(name).env().random;
  const auto key = PrivateKey::generate(KeyType::kEd25519, [&](MutableBytes to) { random.fill(to); });
  return PeerId::from_public_key(key.public_key());
}

Task<void> note_when_free(PunchedEndpointPtr endpoint, bool& free) {
  co_await endpoint->wait_until_free();
  free = true;
}

}  // namespace

TEST_CASE("an endpoint is known as long as somebody punches towards it, and the first one's peer is meant") {
  sim::World world(7);
  const PeerId alice = peer(world, "alice");
  const PeerId bob = peer(world, "bob");
  PunchTable table;
  CHECK(table.find(kThere) == nullptr);
  auto first = std::make_unique<PunchTable::Place>(table, kThere, alice, PunchRole::kClient);
  const PunchTable::Place second(table, kThere, bob, PunchRole::kServer);
  CHECK(table.find(kElsewhere) == nullptr);
  REQUIRE(table.find(kThere) != nullptr);
  CHECK(table.find(kThere)->expected.front().peer == alice);
  CHECK(table.find(kThere)->expected.front().role == PunchRole::kClient);
  first.reset();
  CHECK(table.find(kThere)->expected.front().peer == bob);
  {
    const PunchTable::Place third(table, kElsewhere, bob, PunchRole::kServer);
    CHECK(table.find(kElsewhere) != nullptr);
  }
  CHECK(table.find(kElsewhere) == nullptr);
}

TEST_CASE("who wants to dial waits until there is no pipe, though the punch may have ended meanwhile") {
  sim::World world(7);
  PunchTable table;
  auto place = std::make_unique<PunchTable::Place>(table, kThere, peer(world, "alice"), PunchRole::kClient);
  std::optional<PunchPipe> one(place->endpoint());
  std::optional<PunchPipe> other(place->endpoint());
  bool free = false;
  TaskGroup group(world.loop().executor(), "test");
  group.spawn(note_when_free(place->endpoint(), free));
  one.reset();
  world.loop().advance(1s);
  CHECK_FALSE(free);
  place.reset();
  CHECK(table.find(kThere) == nullptr);
  other.reset();
  world.run(group.join());
  CHECK(free);
}
