#include "warren/protocols/pubsub/router/shuffle.hpp"

#include <doctest/doctest.h>

#include <numeric>
#include <set>

#include "warren/sim/random.hpp"

using namespace warren;
using namespace warren::pubsub;

namespace {

std::vector<int> numbers(int count) {
  std::vector<int> all(static_cast<std::size_t>(count));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

}  // namespace

TEST_CASE("shuffling keeps all, in an order that the seed decides") {
  sim::SeededRandom random(1);
  sim::SeededRandom same(1);
  auto a = numbers(100);
  auto b = numbers(100);
  shuffle(a, random);
  shuffle(b, same);
  CHECK(a == b);
  CHECK(a != numbers(100));
  CHECK(std::set<int>(a.begin(), a.end()).size() == 100);
}

TEST_CASE("a choice is a part, and each has its chance") {
  sim::SeededRandom random(2);
  std::vector<int> times(10);
  for (int i = 0; i < 10'000; ++i) {
    auto some = numbers(10);
    choose(some, 3, random);
    REQUIRE(some.size() == 3);
    CHECK(std::set<int>(some.begin(), some.end()).size() == 3);
    for (const int one : some) ++times[static_cast<std::size_t>(one)];
  }
  for (const int count : times) CHECK(std::abs(count - 3000) < 300);
  auto few = numbers(2);
  choose(few, 5, random);
  CHECK(few.size() == 2);
}
