// Stays connected to the peers that a node was told to start with.
#pragma once

#include "warren/core/host.hpp"

namespace warren {

// Pause before the next attempt: doubled after each failure, with jitter, so that a network that restarts is
// not hit by all at once.
inline constexpr Duration kBootstrapBackoffMin = 1s;
inline constexpr Duration kBootstrapBackoffMax = 60s;

// Connects to `peer`, and again whenever the connection is lost, until canceled.
Task<void> keep_connected(Host* host, PeerInfo peer);

}  // namespace warren
