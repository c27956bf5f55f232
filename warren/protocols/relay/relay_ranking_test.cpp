// Who is asked first.
#include "warren/protocols/relay/relay_ranking.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "warren/core/test_values.hpp"

using namespace warren;
using namespace warren::relay;
using namespace warren::testing;
using Happened = RelayRanking::Event;

namespace {

constexpr Instant kNow = Instant(1000s);

RelayNetwork network(const std::string& text) {
  return network_of(address(text));
}

}  // namespace

TEST_CASE("networks are an IPv4 /16 and an IPv6 /32") {
  CHECK(network("/ip4/192.0.2.1/tcp/1") == network("/ip4/192.0.99.7/udp/4001/quic-v1"));
  CHECK(network("/ip4/192.0.2.1/tcp/1") != network("/ip4/192.1.2.1/tcp/1"));
  CHECK(network("/ip6/2001:db8:1::1/tcp/1") == network("/ip6/2001:db8:ffff::9/tcp/1"));
  CHECK(network("/ip6/2001:db8::1/tcp/1") != network("/ip6/2001:db9::1/tcp/1"));
  CHECK_FALSE(network("/dns4/example.org/tcp/1"));
}

TEST_CASE("different networks come before near ones, near ones before far ones") {
  RelayRanking ranking;
  const RelayNetwork a = ip("192.0.0.0"), b = ip("198.51.0.0");
  ranking.note_round_trip(keyless_peer(1), 10ms, kNow);
  ranking.note_round_trip(keyless_peer(2), 20ms, kNow);
  ranking.note_round_trip(keyless_peer(3), 90ms, kNow);
  const std::vector<RelayCandidate> all = {{keyless_peer(3), b}, {keyless_peer(2), a}, {keyless_peer(1), a}};
  CHECK(ranking.choose(all, {}, 3, kNow) == std::vector{keyless_peer(1), keyless_peer(3), keyless_peer(2)});
  CHECK(ranking.choose(all, {b}, 2, kNow) == std::vector{keyless_peer(1), keyless_peer(2)});
  CHECK(ranking.choose(all, {a, a}, 1, kNow) == std::vector{keyless_peer(3)});
  CHECK(ranking.choose({}, {}, 3, kNow).empty());
}

TEST_CASE("what a relay did counts, and fades") {
  RelayRanking ranking;
  for (const std::uint32_t n : {1, 2, 3, 4, 5, 6}) ranking.note_round_trip(keyless_peer(n), 50ms, kNow);
  ranking.note(keyless_peer(2), Happened::kGranted, kNow);
  ranking.note(keyless_peer(3), Happened::kRefused, kNow);
  ranking.note(keyless_peer(4), Happened::kBroken, kNow);
  ranking.note(keyless_peer(5), Happened::kFailed, kNow);
  ranking.note(keyless_peer(6), Happened::kForged, kNow);
  std::vector<RelayCandidate> all;
  for (const std::uint32_t n : {6, 5, 4, 3, 2, 1}) all.push_back({keyless_peer(n), {}});
  CHECK(ranking.choose(all, {}, 6, kNow) == std::vector{keyless_peer(2), keyless_peer(1), keyless_peer(3),
                                                        keyless_peer(4), keyless_peer(5), keyless_peer(6)});
  CHECK(ranking.cost(keyless_peer(3), kNow) == 250ms);
  CHECK(ranking.cost(keyless_peer(3), kNow + kRecordHalfLife) == 150ms);
  // After a forged voucher the far relay that nobody knows is better for hours.
  CHECK(ranking.cost(keyless_peer(6), kNow + 4 * kRecordHalfLife) > ranking.cost(keyless_peer(77), kNow));
}

TEST_CASE("records are bounded, and can be kept elsewhere") {
  RelayRanking ranking;
  for (std::uint32_t n = 0; n < kRecordsMax + 10; ++n)
    ranking.note(keyless_peer(n), Happened::kFailed, kNow + n * 1s);
  CHECK(ranking.records().size() == kRecordsMax);
  RelayRanking another;
  for (const RelayRecord& record : ranking.records()) another.restore(record);
  const Instant later = kNow + 1h;
  CHECK(another.cost(keyless_peer(200), later) == ranking.cost(keyless_peer(200), later));
  CHECK(another.cost(keyless_peer(0), later) == another.cost(keyless_peer(9999), later));  // forgotten
}
