#include "warren/protocols/kad/routing/region.hpp"

#include <doctest/doctest.h>

#include "warren/protocols/kad/routing/test_network.hpp"

using namespace warren;
using namespace warren::kad;
using kad::test::random_key;
using kad::test::run_lookup;
using kad::test::share_found;
using kad::test::TestNetwork;

namespace {

NetworkSize::Estimate about(double peers) {
  return {.peers = peers, .error = 0.05, .lookups = 20};
}

// By a node that is no sybil itself.
std::vector<PeerInfo> look_up(const TestNetwork& network, const Key& target, std::mt19937_64& random) {
  while (true) {
    const auto& node = network.any(random);
    if (node.sybil) continue;
    Lookup lookup(target, network.answer(node, target));
    return run_lookup(lookup, network, random).closest;
  }
}

struct Attack {
  double found_without = 0;
  double found_with = 0;
  std::size_t noticed = 0;
  std::size_t lookups = 0;
};

// 40 sybils next to each of some keys; which of the 20 honest nearest a lookup finds, and the region's do.
Attack attack(std::size_t honest, std::size_t common_prefix, double dead, double estimate, int keys) {
  Attack sum;
  for (int i = 0; i < keys; ++i) {
    std::mt19937_64 random(static_cast<std::uint64_t>(i) + honest);
    TestNetwork network(honest, dead, static_cast<std::uint64_t>(i) + 1);
    const Key target = random_key(random);
    network.add_sybils(target, 40, common_prefix);
    const auto expected = network.honest(target);
    auto found = look_up(network, target, random);
    sum.found_without += share_found(found, expected) / keys;
    if (crowded_region(target, found, about(estimate))) ++sum.noticed;
    const Region region = region_of(target, estimate);
    const auto places = region.lookups();
    sum.lookups = std::max(sum.lookups, places.size());
    for (const Bytes& preimage : find_preimages(places, 1)) {
      REQUIRE_FALSE(preimage.empty());
      const auto more = look_up(network, Key::of(preimage), random);
      found.insert(found.end(), more.begin(), more.end());
    }
    std::erase_if(found, [&](const PeerInfo& one) { return !region.contains(one.id); });
    sum.found_with += share_found(found, expected) / keys;
  }
  return sum;
}

void check(const Attack& attack, int keys) {
  INFO("honest peers found: ", attack.found_without, " without, ", attack.found_with, " with ",
       attack.lookups, " more lookups");
  CHECK(attack.found_without < 0.2);
  CHECK(attack.noticed == static_cast<std::size_t>(keys));
  CHECK(attack.found_with >= 0.95);
  CHECK(attack.lookups <= 12);
}

}  // namespace

TEST_CASE("40 sybils next to a key do not hide the honest peers of 500") {
  check(attack(500, 11, 0, 500, 3), 3);
  check(attack(500, 9, 0.1, 450, 3), 3);
}

TEST_CASE("40 sybils next to a key do not hide the honest peers of 2,000, estimated 20 % too many") {
  check(attack(2000, 11, 0, 2400, 2), 2);
}

TEST_CASE("40 sybils next to a key do not hide the honest peers of 6,000") {
  check(attack(6000, 12, 0.05, 5700, 1), 1);
}

TEST_CASE("false alarms: one in 1000 at the most") {
  // The 20th of 5000 peers is gamma distributed with shape 20.
  std::mt19937_64 random(3);
  std::gamma_distribution<> farthest(20, 1.0 / 5000);
  int alarms = 0;
  int alarms_exact = 0;
  for (int i = 0; i < 100'000; ++i) {
    const double share = farthest(random);
    if (chance_of(20, share, 5000 * 1.1) < 0.001) ++alarms;
    if (chance_of(20, share, 5000) < 0.001) ++alarms_exact;
  }
  CHECK(alarms <= 100);
  CHECK(alarms_exact >= 60);
  CHECK(alarms_exact <= 140);
}

TEST_CASE("honest neighbourhoods and small networks are not crowded") {
  const TestNetwork network(1000, 0, 7);
  std::mt19937_64 random(7);
  for (int i = 0; i < 50; ++i) {
    const Key target = random_key(random);
    CHECK_FALSE(crowded_region(target, network.honest(target), about(1000)));
  }
  CHECK_FALSE(crowded_region(Key(), network.honest(Key(), 19), about(1000)));
  CHECK(region_of(Key(), 10).common_prefix == 0);
  CHECK(region_of(Key(), 10).lookups().size() <= 6);
  CHECK(chance_of(0, 0, 100) == 1);
}
