// In which order a dialer proposes securities: first the one that the peer is known to speak.
#pragma once

#include <algorithm>
#include <vector>

#include "warren/core/peerstore.hpp"

namespace warren {

// `ours`: all that we speak, best first.
inline std::vector<ProtocolId> security_proposals(std::vector<ProtocolId> ours, const Peerstore& peerstore,
                                                  const PeerId& peer) {
  if (const auto known = peerstore.security(peer))
    std::ranges::stable_partition(ours, [&](const ProtocolId& id) { return id == *known; });
  return ours;
}

}  // namespace warren
