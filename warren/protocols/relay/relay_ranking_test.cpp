// Who is asked first.
#include "warren/protocols/relay/relay_ranking.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace warren;
using namespace warren::relay;
using Event = RelayRanking::Event;

namespace {

constexpr Instant kNow = Instant(1000s);

PeerId peer_of(std::uint32_t seed) {
  const auto key = PrivateKey::generate(KeyType::kEd25519, [seed](MutableBytes to) {
    std::ranges::fill(to, static_cast<std::uint8_t>(seed));
    to[0] = static_cast<std::uint8_t>(seed >> 8);
  });
  return PeerId::from_public_key(key.public_key());
}

Bytes network(const std::string& text) {
  return network_of(value_or_throw(Multiaddr::parse(text)));
}

}  // namespace

TEST_CASE("networks are an IPv4 /16 and an IPv6 /32") {
  CHECK(network("/ip4/192.0.2.1/tcp/1") == network("/ip4/192.0.99.7/udp/4001/quic-v1"));
  CHECK(network("/ip4/192.0.2.1/tcp/1") != network("/ip4/192.1.2.1/tcp/1"));
  CHECK(network("/ip6/2001:db8:1::1/tcp/1") == network("/ip6/2001:db8:ffff::9/tcp/1"));
  CHECK(network("/ip6/2001:db8::1/tcp/1") != network("/ip6/2001:db9::1/tcp/1"));
  CHECK(network("/dns4/example.org/tcp/1").empty());
}

TEST_CASE("different networks come before near ones, near ones before far ones") {
  RelayRanking ranking;
  const Bytes a = {1}, b = {2};
  ranking.note_round_trip(peer_of(1), 10ms, kNow);
  ranking.note_round_trip(peer_of(2), 20ms, kNow);
  ranking.note_round_trip(peer_of(3), 90ms, kNow);
  const std::vector<RelayCandidate> all = {{peer_of(3), b}, {peer_of(2), a}, {peer_of(1), a}};
  CHECK(ranking.choose(all, {}, 3, kNow) == std::vector{peer_of(1), peer_of(3), peer_of(2)});
  CHECK(ranking.choose(all, {b}, 2, kNow) == std::vector{peer_of(1), peer_of(2)});
  CHECK(ranking.choose(all, {a, a}, 1, kNow) == std::vector{peer_of(3)});
  CHECK(ranking.choose({}, {}, 3, kNow).empty());
}

TEST_CASE("what a relay did counts, and fades") {
  RelayRanking ranking;
  for (const std::uint32_t n : {1, 2, 3, 4, 5, 6}) ranking.note_round_trip(peer_of(n), 50ms, kNow);
  ranking.note(peer_of(2), Event::kGranted, kNow);
  ranking.note(peer_of(3), Event::kRefused, kNow);
  ranking.note(peer_of(4), Event::kBroken, kNow);
  ranking.note(peer_of(5), Event::kFailed, kNow);
  ranking.note(peer_of(6), Event::kForged, kNow);
  std::vector<RelayCandidate> all;
  for (const std::uint32_t n : {6, 5, 4, 3, 2, 1}) all.push_back({peer_of(n), {}});
  CHECK(ranking.choose(all, {}, 6, kNow) ==
        std::vector{peer_of(2), peer_of(1), peer_of(3), peer_of(4), peer_of(5), peer_of(6)});
  CHECK(ranking.cost(peer_of(3), kNow) == 250ms);
  CHECK(ranking.cost(peer_of(3), kNow + kRecordHalfLife) == 150ms);
  // After a forged voucher the far relay that nobody knows is better for hours.
  CHECK(ranking.cost(peer_of(6), kNow + 4 * kRecordHalfLife) > ranking.cost(peer_of(77), kNow));
}

TEST_CASE("records are bounded, and can be kept elsewhere") {
  RelayRanking ranking;
  for (std::uint32_t n = 0; n < kRecordsMax + 10; ++n)
    ranking.note(peer_of(n), Event::kFailed, kNow + n * 1s);
  CHECK(ranking.records().size() == kRecordsMax);
  RelayRanking another;
  for (const RelayRecord& record : ranking.records()) another.restore(record);
  const Instant later = kNow + 1h;
  CHECK(another.cost(peer_of(200), later) == ranking.cost(peer_of(200), later));
  CHECK(another.cost(peer_of(0), later) == another.cost(peer_of(9999), later));  // forgotten
}
