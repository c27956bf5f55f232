// A node's metrics in Prometheus' names: warren_*, seconds and bytes.
// https://prometheus.io/docs/practices/naming/
#pragma once

#include <string>

#include "warren/node/metrics.hpp"

namespace warren::app {

// In the text format, version 0.0.4.
std::string metrics_text(const NodeMetrics& metrics);

}  // namespace warren::app
