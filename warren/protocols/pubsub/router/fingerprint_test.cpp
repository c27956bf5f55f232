#include "warren/protocols/pubsub/router/fingerprint.hpp"

#include <doctest/doctest.h>

#include <set>

#include "warren/sim/random.hpp"

using namespace warren;
using namespace warren::pubsub;

TEST_CASE("a fingerprint depends on the id and on the key") {
  const Fingerprints one(ShortHashKey{1, 2});
  const Fingerprints other(ShortHashKey{1, 3});
  CHECK(one.of("id") == one.of("id"));
  CHECK(one.of("id") != one.of("ie"));
  CHECK(one.of("id") != other.of("id"));
  sim::SeededRandom a(1);
  sim::SeededRandom b(1);
  CHECK(Fingerprints(a).of("id") == Fingerprints(b).of("id"));
}

TEST_CASE("ids of all sizes differ, also by zero bytes at their end") {
  const Fingerprints fingerprints(ShortHashKey{7, 8});
  std::set<Fingerprint> all;
  for (std::size_t size = 0; size <= 64; ++size) all.insert(fingerprints.of(std::string(size, '\0')));
  CHECK(all.size() == 65);
}
