#include "warren/swarm/path_rank.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace warren {

namespace {

// How much slower than the fastest is still the same: `times` its round trip, and `more`.
struct Tolerance {
  int times;  // in quarters
  Duration more;
};
// Of paths of different kinds the kind decides, unless it leads around half the world. The best so far may be
// a little worse than a new one.
constexpr Tolerance kAcrossKinds{8, 30ms};
constexpr Tolerance kAcrossKindsForBest{12, 50ms};
constexpr Tolerance kWithinKind{5, 10ms};
constexpr Tolerance kWithinKindForBest{6, 20ms};
// Every fifth heartbeat: TCP and QUIC live with a few percent.
constexpr double kLossMax = 0.2;
constexpr double kLossMaxForBest = 0.3;

// The smaller, the better: what a path is compared within, before anything that is measured.
int tier(const PathFacts& path) {
  const int relayed = path.kind == PathKind::kRelayed ? (path.is_worn ? 2 : 1) : 0;
  return path.is_suspect ? relayed + 3 : relayed;
}

bool is_known(const PathFacts& path) {
  return path.round_trip_time > Duration::zero();
}

// Compared with the fastest of `like`. What is not measured yet is given the chance.
template <class Like>
bool is_slow(const PathFacts& path, std::span<const PathFacts> paths, const Tolerance& tolerance, Like like) {
  if (!is_known(path)) return false;
  Duration fastest = path.round_trip_time;
  for (const PathFacts& other : paths) {
    if (is_known(other) && like(other)) fastest = std::min(fastest, other.round_trip_time);
  }
  return path.round_trip_time > fastest * tolerance.times / 4 + tolerance.more;
}

struct Key {
  int tier = 0;
  bool is_lossy = false;
  bool is_far = false;
  PathKind kind{};
  bool is_slow = false;
  bool is_stream = false;
  bool is_old = false;  // not of the newest, as far as their times can be told apart
  bool by_larger_peer = false;
  Duration age{};  // since an arbitrary instant

  auto operator<=>(const Key&) const = default;
};

Key key_of(const PathFacts& path, std::span<const PathFacts> paths) {
  Key key{.tier = tier(path), .kind = path.kind, .is_stream = !path.is_datagram};
  const auto same_tier = [&](const PathFacts& other) { return tier(other) == key.tier; };
  const auto same_kind = [&](const PathFacts& other) { return same_tier(other) && other.kind == path.kind; };
  const bool best = path.is_best_so_far;
  key.is_lossy = path.loss > (best ? kLossMaxForBest : kLossMax);
  key.is_far = is_slow(path, paths, best ? kAcrossKindsForBest : kAcrossKinds, same_tier);
  key.is_slow = is_slow(path, paths, best ? kWithinKindForBest : kWithinKind, same_kind);
  Instant newest = path.opened_at;
  for (const PathFacts& other : paths) {
    if (same_kind(other) && other.is_datagram == path.is_datagram) newest = std::max(newest, other.opened_at);
  }
  key.is_old = newest - path.opened_at > kTwinTime;
  key.by_larger_peer = !key.is_old && !path.by_smaller_peer;
  key.age = -path.opened_at.time_since_epoch();
  return key;
}

}  // namespace

std::vector<std::size_t> rank_paths(std::span<const PathFacts> paths) {
  std::vector<Key> keys;
  for (const PathFacts& path : paths) keys.push_back(key_of(path, paths));
  std::vector<std::size_t> order(paths.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, {}, [&](std::size_t index) { return std::pair(keys[index], index); });
  return order;
}

}  // namespace warren
