// What the metrics say of the ways to peers.
#pragma once

#include "app/metric_families.hpp"
#include "warren/node/node.hpp"

namespace warren::app {

// Over what peers are reached now, each once, from all connections.
void add_peers(const std::vector<PeerStatus>& connections, MetricFamilies& to);
// How the ways to them changed, and what was done for it.
void add_paths(const PathCounters& paths, MetricFamilies& to);

}  // namespace warren::app
