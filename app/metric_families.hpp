// Prometheus' families of metrics in the making, in the order in which they are shown.
#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <vector>

#include "warren/base/histogram.hpp"

namespace warren::app {

class MetricFamilies {
 public:
  using Labels = std::vector<prometheus::ClientMetric::Label>;

  // Begins a family; what follows is its values.
  MetricFamilies& gauge(const char* name, const char* help) { return begin(name, help, Type::Gauge); }
  MetricFamilies& counter(const char* name, const char* help) { return begin(name, help, Type::Counter); }
  MetricFamilies& histogram(const char* name, const char* help) { return begin(name, help, Type::Histogram); }

  MetricFamilies& value(double number, Labels labels = {}) {
    prometheus::ClientMetric metric;
    metric.label = std::move(labels);
    (families_.back().type == Type::Gauge ? metric.gauge.value : metric.counter.value) = number;
    families_.back().metric.push_back(std::move(metric));
    return *this;
  }
  MetricFamilies& count(std::uint64_t number, Labels labels = {}) {
    return value(static_cast<double>(number), std::move(labels));
  }
  MetricFamilies& duration(Duration duration) { return value(seconds_of(duration)); }

  template <const auto& kBounds>
  MetricFamilies& durations(const BasicHistogram<kBounds>& from, Labels labels = {}) {
    prometheus::ClientMetric metric;
    metric.label = std::move(labels);
    metric.histogram.sample_count = from.count();
    metric.histogram.sample_sum = seconds_of(from.sum());
    for (std::size_t i = 0; i < kBounds.size(); ++i) {
      metric.histogram.bucket.push_back({from.up_to()[i], seconds_of(kBounds[i])});
    }
    families_.back().metric.push_back(std::move(metric));
    return *this;
  }

  std::vector<prometheus::MetricFamily> take() { return std::move(families_); }

 private:
  using Type = prometheus::MetricType;

  static double seconds_of(Duration duration) { return std::chrono::duration<double>(duration).count(); }
  MetricFamilies& begin(const char* name, const char* help, Type type) {
    families_.push_back({name, help, type, {}});
    return *this;
  }

  std::vector<prometheus::MetricFamily> families_;
};

}  // namespace warren::app
