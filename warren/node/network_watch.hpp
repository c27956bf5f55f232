// Tells the host when this machine's network has changed.
#pragma once

#include "warren/swarm/host.hpp"

namespace warren {

// What changes within this time after the first sign is one change: an interface comes up in several steps,
// and its routes come last.
inline constexpr Duration kNetworkSettles = 250ms;

// Runs until it is canceled, or for good where the system does not tell. The host outlives it.
Task<void> watch_network(SwarmHost* host);

}  // namespace warren
