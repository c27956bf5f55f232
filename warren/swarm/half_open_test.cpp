#include "warren/swarm/half_open.hpp"

#include <doctest/doctest.h>

#include <deque>

using namespace warren;

namespace {

Multiaddr from(int port) {
  return value_or_throw(Multiaddr::parse("/ip4/192.0.2.1/tcp/" + std::to_string(port)));
}

}  // namespace

TEST_CASE("the oldest half-open connection makes room for the next one") {
  Limit limit("half_open_max", "", 3);
  HalfOpen half_open(limit);
  std::deque<HalfOpen::Place> places;
  for (int i = 1; i <= 3; ++i) places.push_back(std::move(*half_open.begin(from(i), Access::kNormal).place));
  CHECK(limit.used() == 3);
  auto begun = half_open.begin(from(4), Access::kNormal);
  REQUIRE(begun.dropped);
  CHECK(begun.dropped->from == from(1));
  CHECK(begun.dropped->dropped);
  CHECK(begun.place);
  CHECK(limit.used() == 3);
  CHECK(limit.use().refused == 1);

  places.pop_front();  // the dropped one ends, and gives up nothing again
  CHECK(half_open.size() == 3);
  places.clear();
  begun.place.reset();
  CHECK(limit.used() == 0);
}

TEST_CASE("denied addresses go first, allowed ones never and always find a place") {
  Limit limit("half_open_max", "", 3);
  HalfOpen half_open(limit);
  auto allowed = half_open.begin(from(1), Access::kAllowed);
  auto normal = half_open.begin(from(2), Access::kNormal);
  auto denied = half_open.begin(from(3), Access::kDenied);
  auto fourth = half_open.begin(from(4), Access::kAllowed);
  CHECK(fourth.dropped->from == from(3));
  CHECK_FALSE(half_open.begin(from(9), Access::kDenied).place);
  auto fifth = half_open.begin(from(5), Access::kAllowed);
  CHECK(fifth.dropped->from == from(2));
  const auto sixth = half_open.begin(from(6), Access::kNormal);  // nobody left who would make room
  CHECK_FALSE(sixth.place);
  CHECK_FALSE(sixth.dropped);
  const auto seventh = half_open.begin(from(7), Access::kAllowed);
  CHECK(seventh.place);
  CHECK(half_open.size() == 4);
  CHECK(limit.use().refused == 5);
}
