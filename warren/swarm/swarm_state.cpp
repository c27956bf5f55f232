#include "warren/swarm/swarm_state.hpp"

#include "warren/base/log.hpp"

namespace warren {

void SwarmState::tell(const Refusal& why, std::optional<PeerId> peer, Multiaddr from) const {
  if (log::enabled(log::Level::kDebug)) {
    const std::string knob = why.knob.empty() ? "" : " (" + std::string(why.knob) + ")";
    log::debug("swarm", "refused " + from.to_string() + ": " + why.reason.message() + knob);
  }
  events.refused.emit(HostRefusal{why.reason, why.knob, std::move(peer), std::move(from)});
}

}  // namespace warren
