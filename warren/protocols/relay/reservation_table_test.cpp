// Who gets a reservation, who does not, and for how long.
#include "warren/protocols/relay/reservation_table.hpp"

#include <doctest/doctest.h>

#include "warren/core/test_values.hpp"
#include "warren/protocols/relay/circuit_table.hpp"

using namespace warren;
using namespace warren::relay;
using namespace warren::testing;

namespace {

constexpr Instant at(Duration time) {
  return Instant{} + time;
}

struct Table {
  Limit total{"total", "", 5};
  Limit per_ip{"per_ip", "", 2};
  Limit per_network{"per_network", "", 3};
  ReservationTable table{total, per_ip, per_network};
};

}  // namespace

TEST_CASE_FIXTURE(Table, "a reservation holds until it expires, and longer when it is renewed") {
  CHECK(table.reserve(peer_of(1), ip("192.0.2.1"), at(1h)));
  CHECK(table.holds(peer_of(1), at(0s)));
  CHECK(table.holds(peer_of(1), at(1h - 1ns)));
  CHECK(!table.holds(peer_of(1), at(1h)));
  CHECK(!table.holds(peer_of(2), at(0s)));
  CHECK(table.reserve(peer_of(1), ip("192.0.2.1"), at(90min)));
  CHECK(table.reserve(peer_of(2), ip("192.0.2.1"), at(80min)));
  CHECK(table.size() == 2);
  CHECK(table.next_expiry() == at(80min));
  CHECK(table.expire(at(1h)).empty());
  CHECK(table.expire(at(80min)) == std::vector{peer_of(2)});
  CHECK(table.expire(at(2h)) == std::vector{peer_of(1)});
  CHECK(table.size() == 0);
  CHECK(!table.next_expiry());
  for (const Limit* limit : {&total, &per_ip, &per_network}) CHECK(limit->used() == 0);
}

TEST_CASE_FIXTURE(Table, "one address, one network and all of them are bounded") {
  CHECK(table.reserve(peer_of(1), ip("192.0.2.1"), at(1h)));
  CHECK(table.reserve(peer_of(2), ip("192.0.2.1"), at(1h)));
  CHECK(table.reserve(peer_of(3), ip("192.0.2.1"), at(1h)).error() == Errc::kLimitReached);
  CHECK(per_ip.use().refused == 1);
  CHECK(per_ip.used() == 2);
  CHECK(table.reserve(peer_of(3), ip("192.0.2.200"), at(1h)));
  CHECK(table.reserve(peer_of(4), ip("192.0.2.201"), at(1h)).error() == Errc::kLimitReached);
  CHECK(per_network.use().refused == 1);
  CHECK(table.reserve(peer_of(4), ip("192.0.3.1"), at(1h)));
  // Who has no address that counts is one of all.
  CHECK(table.reserve(peer_of(5), std::nullopt, at(1h)));
  CHECK(table.reserve(peer_of(6), std::nullopt, at(1h)).error() == Errc::kLimitReached);
  CHECK(total.use().refused == 1);
  // With a full house everybody renews, even from another place, where there is no room for one more.
  for (std::uint8_t i = 1; i <= 5; ++i) CHECK(table.reserve(peer_of(i), ip("192.0.2.1"), at(2h)));
  CHECK(per_ip.used() == 2);
  CHECK(table.drop(peer_of(2)));
  CHECK(!table.drop(peer_of(2)));
  CHECK(table.reserve(peer_of(6), ip("198.51.100.1"), at(1h)));
}

TEST_CASE_FIXTURE(Table, "an IPv6 network is a /48") {
  for (std::uint8_t i = 1; i <= 3; ++i) {
    CHECK(table.reserve(peer_of(i), ip("2001:db8:1:" + std::to_string(i) + "::1"), at(1h)));
  }
  CHECK(!table.reserve(peer_of(4), ip("2001:db8:1:ffff::1"), at(1h)));
  CHECK(table.reserve(peer_of(4), ip("2001:db8:2::1"), at(1h)));
}

TEST_CASE_FIXTURE(Table, "who has moved is counted where it is") {
  CHECK(table.reserve(peer_of(1), ip("192.0.2.1"), at(1h)));
  CHECK(table.reserve(peer_of(1), ip("198.51.100.1"), at(2h)));
  CHECK(table.reserve(peer_of(2), ip("192.0.2.1"), at(1h)));
  CHECK(table.reserve(peer_of(3), ip("192.0.2.1"), at(1h)));
  CHECK(!table.reserve(peer_of(4), ip("192.0.2.1"), at(1h)));
  CHECK(table.size() == 3);
}

TEST_CASE("circuits are bounded for each peer, at either end, and in all") {
  Limit total("total", "", 3);
  Limit per_peer("per_peer", "", 2);
  CircuitTable table(total, per_peer);
  {
    const CircuitTable::Place one(table, peer_of(1), peer_of(2));
    const CircuitTable::Place two(table, peer_of(3), peer_of(2));
    CHECK((one && two));
    const CircuitTable::Place to_busy(table, peer_of(4), peer_of(2));
    CHECK(!to_busy);
    const CircuitTable::Place from_busy(table, peer_of(2), peer_of(4));
    CHECK(!from_busy);
    CHECK(per_peer.use().refused == 2);
    const CircuitTable::Place three(table, peer_of(1), peer_of(5));
    CHECK(three);
    const CircuitTable::Place four(table, peer_of(6), peer_of(7));
    CHECK(!four);
    CHECK(table.size() == 3);
    CHECK(per_peer.used() == 2);
  }
  CHECK(table.size() == 0);
  CHECK(total.used() == 0);
  CHECK(per_peer.used() == 0);
}
