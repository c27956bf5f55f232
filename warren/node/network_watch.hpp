// Tells when this machine's network has changed, and when it slept.
#pragma once

#include <functional>

#include "warren/swarm/host.hpp"

namespace warren {

// What changes within this time after the first sign is one change: an interface comes up in several steps,
// and its routes come last.
inline constexpr Duration kNetworkSettles = 150ms;

// Calls host->network_changed() at each change of links, addresses or routes. Runs until it is canceled, or
// for good where the system does not tell. The host outlives it.
Task<void> watch_network(SwarmHost* host);

// Whether no interface that is up leads out of this machine. Then no path can be judged, and none is given
// up: QUIC's go on when the cable is back.
bool is_cut_off(Network& network);

// Calls `woken` after each sleep (clock_gap.hpp). Runs until it is canceled. The clock outlives it.
Task<void> watch_sleep(Clock* clock, std::function<void()> woken);

}  // namespace warren
