// What a node has done since its start and what it holds now, for Prometheus and for people. A copy.
#pragma once

#include <vector>

#include "warren/base/time.hpp"
#include "warren/core/limit.hpp"
#include "warren/messaging/counters.hpp"
#include "warren/node/path_meter.hpp"
#include "warren/swarm/counters.hpp"

namespace warren {

struct NodeMetrics {
  Duration uptime{};                     // since start()
  std::size_t connections_inbound = 0;   // open now
  std::size_t connections_outbound = 0;  // open now
  std::size_t streams_inbound = 0;       // that peers opened and that are open now
  SwarmCounters swarm;
  MessagingCounters messaging;
  std::vector<LimitUse> limits;
  PathCounters paths;
};

}  // namespace warren
