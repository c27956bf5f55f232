// All that a node and its daemon count, gathered for Prometheus. Lives in the loop.
#pragma once

#include <string>

#include "app/metrics_text.hpp"
#include "warren/node/node.hpp"

namespace warren::app {

class MetricsSource {
 public:
  // The node outlives it.
  explicit MetricsSource(Node& node)
      : node_(node), subscription_(node.on_event([this](const NodeEvent& event) { count(event); })) {}

  // In the text format, version 0.0.4. While the node runs.
  Task<std::string> text() const;

 private:
  void count(const NodeEvent& event);

  Node& node_;
  PresenceCounters presence_;
  Subscription subscription_;
};

}  // namespace warren::app
