#include "app/metrics_source.hpp"

#include "warren/async/as_result.hpp"

namespace warren::app {

Task<std::string> MetricsSource::text() const {
  DaemonMetrics metrics{.node = node_.metrics(),
                        .peers = node_.peers(),
                        .dhts = {},
                        .addresses = {},
                        .presence = presence_,
                        .reachability = {},
                        .topics = node_.topics()};
  metrics.reachability = node_.reachability().status();
  metrics.addresses = node_.discovery().address_cache();
  for (kad::Kad* dht : node_.discovery().dhts()) {
    auto stats = co_await as_result(dht->stats());
    if (stats) metrics.dhts.push_back(std::move(*stats));
  }
  co_return metrics_text(metrics);
}

void MetricsSource::count(const NodeEvent& event) {
  if (event.kind == NodeEvent::Kind::kArrived) ++presence_.arrived;
  if (event.kind != NodeEvent::Kind::kLeft) return;
  ++(event.reason == Errc::kClosed ? presence_.said_goodbye : presence_.lost);
}

}  // namespace warren::app
