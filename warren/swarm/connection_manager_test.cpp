#include "warren/swarm/connection_manager.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "warren/swarm/test_addresses.hpp"

using namespace warren;

namespace {

using Indexes = std::vector<std::size_t>;

constexpr Instant kLookedAt{1h};

SwarmLimits marks(std::size_t high, std::size_t low) {
  SwarmLimits limits;
  limits.connections_high = high;
  limits.connections_low = low;
  limits.connection_grace = 20s;
  return limits;
}

// Idle, inbound, ten minutes old and silent since.
ConnectionUse use_of(std::size_t n) {
  return {.peer = keyless_peer(n), .opened_at = kLookedAt - 10min, .active_at = kLookedAt - 10min};
}

std::vector<ConnectionUse> connections(std::size_t count) {
  std::vector<ConnectionUse> open;
  for (std::size_t n = 0; n < count; ++n) open.push_back(use_of(n));
  return open;
}

// The order in which all of them would be closed.
Indexes order_of(const std::vector<ConnectionUse>& open) {
  return ConnectionManager(marks(0, 0)).to_close(open, kLookedAt);
}

}  // namespace

TEST_CASE("connections are closed only above the high mark, and down to the low one") {
  const ConnectionManager manager(marks(8, 5));
  CHECK(manager.to_close({}, kLookedAt).empty());
  CHECK(manager.to_close(connections(5), kLookedAt).empty());
  CHECK(manager.to_close(connections(8), kLookedAt).empty());
  CHECK(manager.to_close(connections(9), kLookedAt).size() == 4);
  CHECK(manager.to_close(connections(20), kLookedAt).size() == 15);
}

TEST_CASE("protected and allowed connections are counted, but never closed") {
  ConnectionManager manager(marks(8, 5));
  auto open = connections(9);
  for (std::size_t n = 0; n < 4; ++n) REQUIRE(manager.protect(keyless_peer(n), "mesh"));
  open[4].allowed = true;
  open[5].allowed = true;
  Indexes closed = manager.to_close(open, kLookedAt);
  std::ranges::sort(closed);
  CHECK(closed == Indexes{6, 7, 8});

  for (auto& use : open) use.allowed = true;
  CHECK(manager.to_close(open, kLookedAt).empty());
}

TEST_CASE("all connections of a protected peer are kept") {
  ConnectionManager manager(marks(2, 0));
  std::vector<ConnectionUse> open = {use_of(1), use_of(2), use_of(1)};
  REQUIRE(manager.protect(keyless_peer(1), "relay"));
  CHECK(manager.to_close(open, kLookedAt) == Indexes{1});
}

TEST_CASE("a flood of new connections drives out nobody within its grace period") {
  const ConnectionManager manager(marks(8, 5));
  auto open = connections(108);
  for (std::size_t n = 8; n < open.size(); ++n) open[n].opened_at = open[n].active_at = kLookedAt - 19s;
  CHECK(manager.to_close(open, kLookedAt).empty());

  // A second later they are like the others, and as the youngest are closed first.
  for (auto& use : open) use.active_at = kLookedAt;
  const Indexes closed = manager.to_close(open, kLookedAt + 1s);
  REQUIRE(closed.size() == 103);
  CHECK(std::ranges::all_of(Indexes(closed.begin(), closed.begin() + 100), [](auto i) { return i >= 8; }));
}

TEST_CASE("the least useful is closed first") {
  std::vector<ConnectionUse> open = connections(2);
  SUBCASE("one without an open stream, though outbound and much used") {
    open[0].streams_open = 1;
    open[1].direction = Direction::kOutbound;
    open[1].streams_so_far = 1000;
    open[1].active_at = kLookedAt;
  }
  SUBCASE("an inbound one, though more used") {
    open[0].direction = Direction::kOutbound;
    open[1].streams_so_far = 1000;
    open[1].active_at = kLookedAt;
  }
  SUBCASE("one that had fewer streams, though active later") {
    open[0].streams_so_far = 16;
    open[1].streams_so_far = 15;
    open[1].active_at = kLookedAt;
  }
  SUBCASE("a relayed one, though active later") {
    open[1].relayed = true;
    open[1].active_at = kLookedAt;
  }
  SUBCASE("a direct one that was used less") {
    open[0].relayed = true;
    open[0].streams_so_far = 16;
    open[1].streams_so_far = 15;
  }
  SUBCASE("the longest silent, though older and with a few more streams") {
    open[0].streams_so_far = 16;
    open[0].active_at = kLookedAt - 1min;
    open[1].streams_so_far = 31;
    open[1].opened_at = kLookedAt - 30min;
  }
  SUBCASE("the youngest, where all else is equal") {
    open[1].opened_at = kLookedAt - 5min;
  }
  CHECK(order_of(open) == Indexes{1, 0});
  std::swap(open[0], open[1]);
  CHECK(order_of(open) == Indexes{0, 1});
}

TEST_CASE("a tag is taken off as often as it was put on") {
  ConnectionManager manager(marks(8, 5));
  REQUIRE(manager.protect(keyless_peer(1), "relay"));
  REQUIRE(manager.protect(keyless_peer(1), "relay"));
  REQUIRE(manager.protect(keyless_peer(1), "mesh"));
  CHECK(manager.unprotect(keyless_peer(1), "unknown"));
  CHECK(manager.unprotect(keyless_peer(1), "relay"));
  CHECK(manager.unprotect(keyless_peer(1), "relay"));
  CHECK(manager.unprotect(keyless_peer(1), "relay"));  // once too often: the mesh still wants it
  CHECK(manager.is_protected(keyless_peer(1)));
  CHECK_FALSE(manager.unprotect(keyless_peer(1), "mesh"));
  CHECK_FALSE(manager.is_protected(keyless_peer(1)));
  CHECK_FALSE(manager.unprotect(keyless_peer(1), "mesh"));
  CHECK(manager.protected_peers() == 0);
}

TEST_CASE("protection is bounded in peers and in tags") {
  ConnectionManager manager(marks(8, 5));
  std::size_t peers = 0;
  while (manager.protect(keyless_peer(peers), "t")) ++peers;
  CHECK(peers == ConnectionManager::kProtectedPeersMax);
  CHECK(manager.protect(keyless_peer(peers), "t").error() == Errc::kLimitReached);
  CHECK(manager.protect(keyless_peer(0), "t"));  // again

  std::size_t tags = 1;
  while (manager.protect(keyless_peer(0), std::to_string(tags))) ++tags;
  CHECK(tags == ConnectionManager::kTagsPerPeerMax);
  CHECK_FALSE(manager.unprotect(keyless_peer(7), "t"));
  CHECK(manager.protect(keyless_peer(peers), "t"));
}

TEST_CASE("marks the wrong way round close nothing that should stay") {
  CHECK(ConnectionManager(marks(3, 5)).to_close(connections(4), kLookedAt).empty());
}
