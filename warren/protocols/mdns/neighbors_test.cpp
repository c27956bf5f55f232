#include "warren/protocols/mdns/neighbors.hpp"

#include <doctest/doctest.h>

#include "warren/protocols/mdns/test_values.hpp"

namespace warren::mdns {
namespace {

const IpAddress kSource = ip("10.0.0.1");

Announcement announcement(const std::string& name, std::uint8_t peer,
                          const std::vector<std::string>& addresses, Duration ttl = 120s) {
  Announcement result{.name = name, .ttl = ttl, .peer = peer_of(peer), .addresses = {}};
  for (const std::string& text : addresses) result.addresses.push_back(address(text));
  return result;
}

const std::string kTcp = "/ip4/10.0.0.1/tcp/1";
const std::string kQuic = "/ip4/10.0.0.1/udp/1/quic-v1";

struct NeighborsTest {
  Neighbors neighbors{Limits{}};

  Changes take(const Announcement& it, Instant now = kStart, const IpAddress& source = kSource) {
    return neighbors.take(it, source, now);
  }
};

TEST_CASE_FIXTURE(NeighborsTest, "a peer is found once, and again when it has an address more") {
  const Changes first = take(announcement("a", 1, {kTcp}));
  REQUIRE(first.found.size() == 1);
  CHECK(first.found[0].id == peer_of(1));
  CHECK(first.found[0].addresses == std::vector{address(kTcp)});
  CHECK(take(announcement("a", 1, {kTcp}), kStart + 1s).found.empty());
  const Changes more = take(announcement("a", 1, {kQuic}), kStart + 2s);
  REQUIRE(more.found.size() == 1);
  CHECK(more.found[0].addresses.size() == 2);
  CHECK(neighbors.peers().size() == 1);
}

TEST_CASE_FIXTURE(NeighborsTest, "a goodbye ends it, and so does the time") {
  take(announcement("a", 1, {kTcp}));
  take(announcement("b", 2, {kQuic}));
  const Changes goodbye = take({.name = "a", .ttl = 0s, .peer = {}, .addresses = {}}, kStart + 1s);
  CHECK(goodbye.lost == std::vector{peer_of(1)});
  CHECK(take({.name = "a", .ttl = 0s, .peer = {}, .addresses = {}}, kStart + 1s).lost.empty());
  CHECK(neighbors.expire(kStart + 119s).lost.empty());
  CHECK(neighbors.expire(kStart + 120s).lost == std::vector{peer_of(2)});
  CHECK(neighbors.size() == 0);
  CHECK_FALSE(neighbors.next_deadline());
}

TEST_CASE_FIXTURE(NeighborsTest, "what is announced no more expires, and the rest stays") {
  take(announcement("a", 1, {kTcp, kQuic}));
  take(announcement("a", 1, {kQuic}), kStart + 100s);
  CHECK(neighbors.expire(kStart + 130s).lost.empty());
  REQUIRE(neighbors.peers().size() == 1);
  CHECK(neighbors.peers()[0].addresses == std::vector{address(kQuic)});
}

TEST_CASE_FIXTURE(NeighborsTest, "who claims to be another peer neither hides nor ends it") {
  take(announcement("honest", 1, {kTcp}));
  const IpAddress liar = ip("10.0.0.66");
  take(announcement("liar", 1, {"/ip4/10.0.0.66/tcp/1"}), kStart, liar);
  CHECK(neighbors.peers()[0].addresses.size() == 2);
  const Changes gone = take({.name = "liar", .ttl = 0s, .peer = {}, .addresses = {}}, kStart, liar);
  CHECK(gone.lost.empty());
  CHECK(neighbors.peers()[0].addresses == std::vector{address(kTcp)});
}

TEST_CASE_FIXTURE(NeighborsTest, "before the end of its life it is asked for, twice") {
  take(announcement("a", 1, {kTcp}, 100s));
  CHECK(neighbors.next_deadline() == kStart + 80s);
  CHECK_FALSE(neighbors.ask_again(kStart + 79s));
  CHECK(neighbors.ask_again(kStart + 80s));
  CHECK_FALSE(neighbors.ask_again(kStart + 80s));
  CHECK(neighbors.next_deadline() == kStart + 90s);
  CHECK(neighbors.ask_again(kStart + 90s));
  CHECK(neighbors.next_deadline() == kStart + 100s);
  take(announcement("a", 1, {kTcp}, 100s), kStart + 95s);
  CHECK(neighbors.next_deadline() == kStart + 175s);
}

TEST_CASE_FIXTURE(NeighborsTest, "nobody is remembered for longer than the limit") {
  take(announcement("a", 1, {kTcp}, std::chrono::hours(24 * 365 * 50)));
  CHECK(neighbors.expire(kStart + Limits{}.ttl_max).lost.size() == 1);
}

TEST_CASE("a flood of peers from one sender drives out nobody else, and stays within the bounds") {
  const Limits limits{.neighbors_max = 20};
  Neighbors neighbors(limits);
  for (std::uint8_t i = 0; i < 5; ++i) {
    neighbors.take(announcement("honest" + std::to_string(i), i, {kTcp}), IpAddress::v4({10, 0, 0, i}),
                   kStart);
  }
  const IpAddress flooder = ip("10.0.0.66");
  for (int i = 0; i < 1000; ++i) {
    const auto peer = static_cast<std::uint8_t>(100 + i % 100);
    neighbors.take(announcement("flood" + std::to_string(i), peer, {kTcp}), flooder, kStart + i * 1ms);
    CHECK(neighbors.size() <= 20);
  }
  const auto is_here = [&](std::uint8_t number) {
    return std::ranges::count(neighbors.peers(), peer_of(number), &PeerInfo::id) == 1;
  };
  for (std::uint8_t i = 0; i < 5; ++i) CHECK(is_here(i));
  // A newcomer takes the place of one of the flood's.
  const auto late = neighbors.take(announcement("late", 50, {kTcp}), ip("10.0.0.50"), kStart + 2s);
  CHECK(late.found.size() == 1);
  CHECK(is_here(50));
  CHECK(neighbors.size() == 20);
}

TEST_CASE("addresses of a neighbor are bounded; new ones take the place of old ones") {
  Neighbors neighbors(Limits{.neighbor_addresses_max = 4});
  const auto tcp = [](int port) { return "/ip4/10.0.0.1/tcp/" + std::to_string(port); };
  std::vector<std::string> many;
  for (int port = 1; port <= 10; ++port) many.push_back(tcp(port));
  CHECK(neighbors.take(announcement("a", 1, many), kSource, kStart).found[0].addresses.size() == 4);
  const auto moved = neighbors.take(announcement("a", 1, {tcp(11), tcp(12)}), kSource, kStart + 1s);
  REQUIRE(moved.found.size() == 1);
  const auto& addresses = moved.found[0].addresses;
  CHECK(addresses.size() == 4);
  CHECK(std::ranges::count(addresses, address(tcp(12))) == 1);
}

}  // namespace
}  // namespace warren::mdns
