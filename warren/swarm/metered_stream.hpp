// Counts the bytes of a raw pipe for the metrics.
#pragma once

#include "warren/core/stream.hpp"
#include "warren/swarm/counters.hpp"

namespace warren {

// The counters outlive every read and write of the stream.
StreamPtr metered(StreamPtr raw, SwarmCounters& counters);

}  // namespace warren
