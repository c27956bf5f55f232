#include "warren/protocols/pubsub/router/fingerprint_set.hpp"

#include <doctest/doctest.h>

#include <set>

#include "warren/sim/random.hpp"

using namespace warren;
using namespace warren::pubsub;

TEST_CASE("a set of fingerprints is what std::set says") {
  sim::SeededRandom random(1);
  FingerprintSet set;
  std::set<Fingerprint> model;
  CHECK_FALSE(set.contains(0));
  for (int i = 0; i < 3000; ++i) {
    // Many fall into the same slots, and some are drawn again.
    const Fingerprint one = 1 + (random.below(1000) << (random.below(2) * 32));
    CHECK(set.contains(one) == model.contains(one));
    CHECK(set.insert(one) == model.insert(one).second);
    REQUIRE(set.size() == model.size());
  }
  for (const Fingerprint one : model) CHECK(set.contains(one));
  set.clear();
  CHECK(set.size() == 0);
  CHECK_FALSE(set.contains(*model.begin()));
  CHECK(set.insert(0));
  CHECK(set.contains(0));
  CHECK_FALSE(set.insert(0));
}
