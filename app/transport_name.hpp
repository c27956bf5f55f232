// What a path is over, in one word.
#pragma once

#include <string_view>

#include "warren/multiformats/multiaddr.hpp"

namespace warren::app {

// "tcp", "quic-v1", "ws", "wss", "webtransport", "webrtc-direct", "p2p-circuit" (over a relay, whatever leads
// to that); empty for anything else.
std::string_view transport_name(const Multiaddr& address);

}  // namespace warren::app
