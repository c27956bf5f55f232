// A node's metrics in Prometheus' names: warren_*, seconds and bytes.
// https://prometheus.io/docs/practices/naming/
#pragma once

#include <string>
#include <vector>

#include "warren/broadcast/topic.hpp"
#include "warren/node/discovery.hpp"
#include "warren/node/node.hpp"
#include "warren/node/reachability.hpp"

namespace warren::app {

// Nodes that came and went, as the events told.
struct PresenceCounters {
  std::uint64_t arrived = 0;
  std::uint64_t said_goodbye = 0;
  std::uint64_t lost = 0;  // no longer answered
};

struct DaemonMetrics {
  NodeMetrics node;
  std::vector<PeerStatus> peers;
  std::vector<kad::Stats> dhts;
  AddressCacheCounters addresses;
  PresenceCounters presence;
  ReachabilityStatus reachability;
  std::vector<TopicStatus> topics;
};

// In the text format, version 0.0.4.
std::string metrics_text(const DaemonMetrics& metrics);

}  // namespace warren::app
