#include "warren/swarm/path_rank.hpp"

#include <doctest/doctest.h>

using namespace warren;

namespace {

constexpr Instant kStart{std::chrono::hours(1)};

using FactsOfPaths = std::vector<PathFacts>;

std::size_t best_of(const FactsOfPaths& paths) {
  return rank_paths(paths).front();
}

// Whether the first is chosen over the second, whichever of them is named first.
bool is_better(const PathFacts& one, const PathFacts& other) {
  const FactsOfPaths paths = {one, other};
  const FactsOfPaths swapped = {other, one};
  CHECK(best_of(paths) == 1 - best_of(swapped));
  return best_of(paths) == 0;
}

}  // namespace

TEST_CASE("paths are ranked by how direct they are") {
  const FactsOfPaths paths = {{.kind = PathKind::kRelayed, .is_worn = true},
                              {.kind = PathKind::kDirect},
                              {.kind = PathKind::kRelayed},
                              {.kind = PathKind::kDirectIp6},
                              {.kind = PathKind::kSameNetwork}};
  CHECK(rank_paths(paths) == std::vector<std::size_t>{3, 4, 1, 2, 0});
  CHECK(rank_paths({}).empty());
}

TEST_CASE("a suspect path goes behind healthy ones, even relayed ones") {
  const PathFacts suspect{.kind = PathKind::kDirectIp6, .is_suspect = true};
  CHECK(is_better({.kind = PathKind::kDirect}, suspect));
  CHECK(is_better({.kind = PathKind::kRelayed}, suspect));
  CHECK(is_better({.kind = PathKind::kRelayed, .is_worn = true}, suspect));
  CHECK(is_better(suspect, {.kind = PathKind::kRelayed, .is_suspect = true}));
}

TEST_CASE("a relayed path is no match for a direct one, however fast it is") {
  CHECK(is_better({.kind = PathKind::kDirect, .round_trip_time = 800ms, .loss = 0.5},
                  {.kind = PathKind::kRelayed, .round_trip_time = 5ms, .is_best_so_far = true}));
}

TEST_CASE("a kind counts unless its way is much longer") {
  const PathFacts mapped{.kind = PathKind::kDirect, .round_trip_time = 20ms};
  PathFacts ip6{.kind = PathKind::kDirectIp6, .round_trip_time = 60ms};
  CHECK(is_better(ip6, mapped));
  ip6.round_trip_time = 150ms;  // a tunnel over another continent
  CHECK(is_better(mapped, ip6));
}

TEST_CASE("of one kind the faster is taken, and small differences do not change that") {
  const PathFacts fast{.round_trip_time = 20ms};
  CHECK(is_better(fast, {.round_trip_time = 40ms, .opened_at = kStart}));
  PathFacts best{.round_trip_time = 48ms, .opened_at = kStart, .is_best_so_far = true};
  const PathFacts other{.round_trip_time = 30ms, .opened_at = kStart - 1h};
  CHECK(is_better(best, other));
  best.round_trip_time = 70ms;
  CHECK(is_better(other, best));
}

TEST_CASE("two paths that take turns at being a little faster do not take turns at being used") {
  FactsOfPaths paths = {{.round_trip_time = 50ms, .opened_at = kStart}, {.round_trip_time = 50ms}};
  paths[best_of(paths)].is_best_so_far = true;
  const std::size_t first = best_of(paths);
  for (int i = 0; i < 10; ++i) {
    paths[0].round_trip_time = i % 2 == 0 ? 40ms : 60ms;
    paths[1].round_trip_time = i % 2 == 0 ? 60ms : 40ms;
    CHECK(best_of(paths) == first);
  }
}

TEST_CASE("a path that loses much goes behind its like, and comes back when it loses little") {
  const PathFacts other{.opened_at = kStart - 1h};
  PathFacts best{.loss = 0.25, .opened_at = kStart, .is_best_so_far = true};
  CHECK(is_better(best, other));
  best.loss = 0.4;
  CHECK(is_better(other, best));
  best.is_best_so_far = false;
  best.loss = 0.25;
  CHECK(is_better(other, best));
  best.loss = 0.1;
  CHECK(is_better(best, other));
}

TEST_CASE("of equals, those with datagrams are first, then the newest") {
  CHECK(is_better({.is_datagram = true, .opened_at = kStart - 1h}, {.opened_at = kStart}));
  CHECK(is_better({.opened_at = kStart}, {.opened_at = kStart - 1h}));
}

TEST_CASE("of two that were opened at the same time, both ends choose the same") {
  // One end saw the first one open first, the other end the second one.
  const FactsOfPaths ours = {{.opened_at = kStart, .by_smaller_peer = true}, {.opened_at = kStart + 2s}};
  const FactsOfPaths theirs = {{.opened_at = kStart + 1s, .by_smaller_peer = true}, {.opened_at = kStart}};
  CHECK(best_of(ours) == 0);
  CHECK(best_of(theirs) == 0);
  const FactsOfPaths apart = {{.opened_at = kStart, .by_smaller_peer = true}, {.opened_at = kStart + 11s}};
  CHECK(best_of(apart) == 1);
}
