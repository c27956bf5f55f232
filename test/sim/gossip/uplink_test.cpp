#include "test/sim/gossip/uplink.hpp"

#include <doctest/doctest.h>

#include "test/sim/gossip/geography.hpp"

using namespace warren;
using namespace warren::gossip_sim;
using pubsub::Priority;

namespace {

Parcel parcel(std::uint32_t message, std::size_t size) {
  return {.frame = std::make_shared<const Bytes>(size), .message = message};
}

// The messages in the order in which their last bytes leave.
std::vector<std::uint32_t> drain(Uplink& uplink) {
  std::vector<std::uint32_t> order;
  while (auto piece = uplink.next()) {
    if (piece->finished) order.push_back(piece->finished->message);
  }
  return order;
}

}  // namespace

TEST_CASE("gossip sim: an uplink takes the time of its rate") {
  Uplink uplink(1000);
  uplink.offer(1, parcel(1, 500), Priority::kControl);
  const auto piece = uplink.next();
  REQUIRE(piece);
  CHECK(piece->took == 500ms);
  CHECK(piece->finished);
  CHECK(!uplink.next());
}

TEST_CASE("gossip sim: control goes first, then own messages, then forwarded ones, of each in order") {
  Uplink uplink(1000);
  uplink.offer(1, parcel(5, 10), Priority::kForwarded);
  uplink.offer(1, parcel(3, 10), Priority::kOwn);
  uplink.offer(1, parcel(1, 10), Priority::kControl);
  uplink.offer(1, parcel(4, 10), Priority::kOwn);
  uplink.offer(1, parcel(2, 10), Priority::kControl);
  CHECK(drain(uplink) == std::vector<std::uint32_t>{1, 2, 3, 4, 5});
}

TEST_CASE("gossip sim: what has begun is finished before control to the same peer; peers take turns") {
  Uplink uplink(1e6);
  uplink.offer(1, parcel(1, 40'000), Priority::kForwarded);
  uplink.offer(2, parcel(2, 40'000), Priority::kForwarded);
  CHECK(!uplink.next()->finished);
  uplink.offer(1, parcel(3, 10), Priority::kControl);
  uplink.offer(2, parcel(4, 10), Priority::kControl);
  CHECK(drain(uplink) == std::vector<std::uint32_t>{4, 1, 3, 2});
}

TEST_CASE("gossip sim: what is withdrawn is not sent unless it has begun") {
  Uplink uplink(1e6);
  uplink.offer(1, parcel(1, 40'000), Priority::kForwarded);
  uplink.offer(1, parcel(2, 40'000), Priority::kForwarded);
  uplink.offer(2, parcel(2, 10), Priority::kForwarded);
  CHECK(uplink.next()->to == 1);
  uplink.withdraw(1, 1);
  uplink.withdraw(1, 2);
  CHECK(drain(uplink) == std::vector<std::uint32_t>{2, 1});
}

TEST_CASE("gossip sim: a peer's queue is bounded, but for control") {
  Uplink uplink(1e6);
  std::uint32_t taken = 0;
  while (uplink.offer(1, parcel(taken, 1'000'000), Priority::kOwn)) ++taken;
  CHECK(taken == 4);
  CHECK(uplink.dropped() == 1);
  CHECK(uplink.offer(1, parcel(9, 1'000'000), Priority::kControl));
  CHECK(uplink.offer(2, parcel(9, 1'000'000), Priority::kOwn));
}

TEST_CASE("gossip sim: delays are 10 to 160 ms, alike in both directions, and uplinks 20 to 100 Mbit/s") {
  const Geography geography(7);
  Duration least = 1h, most{};
  for (NodeIndex node = 0; node < 300; ++node) {
    const Duration delay = geography.between(node, node * 7 + 1);
    CHECK(delay == geography.between(node * 7 + 1, node));
    CHECK(geography.jitter(delay, node) <= delay / 10);
    least = std::min(least, delay);
    most = std::max(most, delay);
    CHECK(geography.uplink(node) >= 20e6 / 8);
    CHECK(geography.uplink(node) <= 100e6 / 8);
  }
  CHECK(least >= 10ms);
  CHECK(least < 30ms);
  CHECK(most > 100ms);
  CHECK(most < 160ms);
}
