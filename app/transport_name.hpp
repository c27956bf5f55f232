// What a path is over.
#pragma once

#include <string>
#include <string_view>

#include "warren/multiformats/multiaddr.hpp"

namespace warren::app {

// "tcp", "quic-v1", "ws", "wss", "webtransport", "webrtc-direct", "p2p-circuit" (over a relay, whatever leads
// to that); empty for anything else.
std::string_view transport_name(const Multiaddr& address);

// The PeerID of the relay that it leads over; empty when it is direct.
std::string relay_of(const Multiaddr& address);

}  // namespace warren::app
