#include "warren/node/path_meter.hpp"

namespace warren {

std::string_view to_string(PathState state) {
  switch (state) {
    case PathState::kNone: return "none";
    case PathState::kRelayed: return "relayed";
    case PathState::kDirect: return "direct";
  }
  return "";
}

void PathMeter::note_path(const PeerId& peer, PathState state, Instant now) {
  const auto found = peers_.find(peer);
  const Known before = found == peers_.end() ? Known() : found->second;
  ++counters_.moves[{.from = before.state, .to = state}];
  if (state == PathState::kNone) {
    peers_.erase(peer);
    return;
  }
  const bool was_relayed = before.state == PathState::kRelayed;
  if (state == PathState::kDirect && was_relayed) counters_.times_to_direct.add(now - before.relayed_since);
  peers_[peer] = {.state = state, .relayed_since = was_relayed ? before.relayed_since : now};
}

void PathMeter::note_round(const PunchRound& round) {
  PunchEnd end{.means = round.means, .is_direct = !round.error, .reason = std::nullopt};
  if (!end.is_direct) end.reason = round.reason;
  ++counters_.rounds[end];
}

}  // namespace warren
