#include "warren/protocols/kad/routing/network_size.hpp"

#include <doctest/doctest.h>

#include "warren/protocols/kad/routing/provide_threshold.hpp"
#include "warren/protocols/kad/routing/test_network.hpp"

using namespace warren;
using namespace warren::kad;
using kad::test::kStart;
using kad::test::random_key;
using kad::test::TestNetwork;

namespace {

// What 40 lookups of random keys find.
NetworkSize measured(const TestNetwork& network, std::mt19937_64& random) {
  NetworkSize size;
  for (int i = 0; i < 40; ++i) {
    const Key target = random_key(random);
    size.track(target, network.honest(target), kStart);
  }
  return size;
}

}  // namespace

TEST_CASE("the estimate is near the size, within what it says of itself") {
  std::mt19937_64 random(1);
  for (const std::size_t peers : {30, 300, 3000}) {
    const TestNetwork network(peers, 0, peers);
    const auto estimate = measured(network, random).estimate(kStart);
    REQUIRE(estimate);
    CHECK(estimate->lookups == 40);
    CHECK(estimate->error < 0.06);
    CHECK(estimate->peers == doctest::Approx(peers).epsilon(3 * estimate->error));
  }
}

TEST_CASE("a network of fewer than k is counted") {
  const TestNetwork network(7, 0, 1);
  std::mt19937_64 random(1);
  CHECK(measured(network, random).estimate(kStart)->peers == 7);
}

TEST_CASE("keys that are crowded by sybils do not change it much") {
  TestNetwork network(1000, 0, 2);
  std::mt19937_64 random(2);
  NetworkSize size = measured(network, random);
  const TestNetwork crowd(20'000, 0, 3);
  for (int i = 0; i < 10; ++i) {
    const Key target = random_key(random);
    size.track(target, crowd.honest(target), kStart);
  }
  CHECK(size.estimate(kStart)->peers == doctest::Approx(1000).epsilon(0.25));
}

TEST_CASE("results are needed for several keys, grow old, and are bounded") {
  const TestNetwork network(100, 0, 4);
  std::mt19937_64 random(4);
  NetworkSize size;
  const Key same = random_key(random);
  for (int i = 0; i < 10; ++i) size.track(same, network.honest(same), kStart);
  CHECK_FALSE(size.estimate(kStart));
  size.track(random_key(random), {}, kStart);
  CHECK_FALSE(size.estimate(kStart));
  for (int i = 0; i < 4; ++i) {
    const Key target = random_key(random);
    size.track(target, network.honest(target), kStart + 1h);
  }
  CHECK(size.estimate(kStart + 1h));
  CHECK_FALSE(size.estimate(kStart + 2h));
  for (int i = 0; i < 200; ++i) {
    const Key target = random_key(random);
    size.track(target, network.honest(target), kStart + 1h);
  }
  CHECK(size.estimate(kStart + 1h)->lookups == 64);
}

TEST_CASE("optimistic provide: true nearest are near enough nine times of ten, others hardly ever") {
  constexpr std::size_t kPeers = 2000;
  const TestNetwork network(kPeers, 0, 5);
  const ProvideThreshold threshold(kPeers);
  std::mt19937_64 random(5);
  int reached = 0;
  int near = 0;
  int too_early = 0;
  constexpr int kKeys = 200;
  for (int i = 0; i < kKeys; ++i) {
    const Key target = random_key(random);
    const auto nearest = network.honest(target, 60);
    const std::span all(nearest);
    if (threshold.reached(target, all.first(20))) ++reached;
    if (threshold.reached(target, all.subspan(20, 20))) ++too_early;
    if (threshold.near_enough(target.distance(Key::of(nearest[9].id)))) ++near;
    CHECK_FALSE(threshold.reached(target, all.first(19)));
    CHECK_FALSE(threshold.near_enough(target.distance(Key::of(nearest[59].id))));
  }
  CHECK(reached >= kKeys * 80 / 100);
  CHECK(reached <= kKeys * 97 / 100);
  CHECK(near >= kKeys * 85 / 100);
  CHECK(too_early <= kKeys * 1 / 100);
}
