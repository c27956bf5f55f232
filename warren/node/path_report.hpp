// Why the path to a peer is what it is: what is open, what is known, what was tried, and what follows
// (`warren why`).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "warren/core/circuit.hpp"
#include "warren/core/dial_outcome.hpp"
#include "warren/core/nat_position.hpp"
#include "warren/core/path_health.hpp"
#include "warren/core/punch.hpp"
#include "warren/crypto/node_id.hpp"

namespace warren {

// An open connection to the peer.
struct PathRow {
  Multiaddr address;  // the remote end; of a relayed one, the relay's, with /p2p-circuit
  bool relayed = false;
  bool best = false;  // new streams take it
  Duration round_trip_time{};
  PathHealth health;
  Duration age{};
};

// An address of the peer, or one that it has told for a punch.
struct CandidateRow {
  Multiaddr address;
  std::optional<DialOutcome> last;  // what came of it, the last time
};

enum class PathVerdict { kDirect, kRelayed, kUnconnected };
std::string_view to_string(PathVerdict verdict);  // "direct", "relayed", "unconnected"

struct PathReport {
  PeerId peer;
  std::optional<NodeId> node;
  PathVerdict verdict = PathVerdict::kUnconnected;
  std::optional<RelayReason> reason;  // of a path that is not direct
  std::string why;                    // in a sentence; of a direct one: how it came about
  std::string advice;                 // what would help; may be empty
  std::vector<PathRow> paths;         // the best first
  NatPosition ours;
  std::optional<NatPosition> theirs;  // as the peer told it, if it did
  std::vector<CandidateRow> candidates;
  std::vector<DialOutcome> attempts;  // the last ones, the oldest first
  std::vector<PunchRound> rounds;     // the same, of both sides' attempts to meet
  std::optional<Instant> next_try;    // when the next round begins by itself
  Instant now{};                      // of the node's clock, which the instants above are of
};

}  // namespace warren
