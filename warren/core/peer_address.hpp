// A peer named by one address, as people write it: "/ip4/192.0.2.1/tcp/4001/p2p/12D3KooW...".
#pragma once

#include "warren/core/peerstore.hpp"

namespace warren {

// The peer that the address leads to, with the address without its name. kBadAddress for one without /p2p.
Result<PeerInfo> peer_at(const Multiaddr& address);
// The same of its text; what Multiaddr::parse says of one that is none.
Result<PeerInfo> peer_at(std::string_view text);

}  // namespace warren
