// A node's metrics in Prometheus' names: warren_*, seconds and bytes.
// https://prometheus.io/docs/practices/naming/
#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <vector>

#include "warren/node/metrics.hpp"

namespace warren::app {

std::vector<prometheus::MetricFamily> metric_families(const NodeMetrics& metrics);

// In the text format, version 0.0.4.
std::string metrics_text(const NodeMetrics& metrics);

}  // namespace warren::app
