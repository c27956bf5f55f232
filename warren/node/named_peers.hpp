// Peers that the configuration names by addresses, each with /p2p.
#pragma once

#include <string>
#include <vector>

#include "warren/core/peerstore.hpp"

namespace warren {

// One for each address. Throws kBadConfig, with `what` in its text, for an address without /p2p.
std::vector<PeerInfo> named_peers(const std::vector<Multiaddr>& addresses, const std::string& what);

}  // namespace warren
