// How often the path to peers changed, what came of the attempts to make it direct, and how long that took:
// for metrics. A class without I/O.
#pragma once

#include <compare>
#include <map>
#include <optional>

#include "warren/base/histogram.hpp"
#include "warren/core/punch.hpp"
#include "warren/crypto/peer_id.hpp"

namespace warren {

// What is sent to a peer takes it.
enum class PathState { kNone, kRelayed, kDirect };
std::string_view to_string(PathState state);  // "none", "relayed", "direct"

// From and to the same kind: over another address, relay or transport than before.
struct PathMove {
  PathState from = PathState::kNone;
  PathState to = PathState::kNone;
  auto operator<=>(const PathMove&) const = default;
};

// How a round ended.
struct PunchEnd {
  PathMeans means = PathMeans::kPunch;
  bool is_direct = false;
  std::optional<RelayReason> reason;  // of a failure, when the round could tell
  auto operator<=>(const PunchEnd&) const = default;
};

// Of what may take both sides' agreement, and a spray of many seconds.
inline constexpr std::array<Duration, 10> kPunchTimes = {100ms, 250ms, 500ms, 1s, 2s, 5s, 10s, 20s, 30s, 60s};

// Since the node's start.
struct PathCounters {
  std::map<PathMove, std::uint64_t> moves;
  std::map<PunchEnd, std::uint64_t> rounds;
  // From the first relayed path to a peer, or the loss of its direct one, to a direct one.
  BasicHistogram<kPunchTimes> times_to_direct;
};

class PathMeter {
 public:
  // Of the first path from kNone, after the last one to kNone; then nothing is remembered of the peer.
  void note_path(const PeerId& peer, PathState state, Instant now);
  void note_round(const PunchRound& round);

  const PathCounters& counters() const { return counters_; }

 private:
  struct Known {
    PathState state = PathState::kNone;
    Instant relayed_since{};  // when it is kRelayed
  };

  PathCounters counters_;
  std::map<PeerId, Known> peers_;  // that are connected
};

}  // namespace warren
