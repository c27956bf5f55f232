#include "app/metrics_server.hpp"

#include <fmt/format.h>
#include <prometheus/exposer.h>

#include <charconv>

#include "app/exit_status.hpp"
#include "app/metrics_text.hpp"

namespace warren::app {
namespace {

// Whoever reads slowly, or says nothing, takes one of the threads for as long as the limit; what comes then
// waits in a short queue, and the node does not notice.
const std::vector<std::string> kLimits = {"num_threads",       "2",    "connection_queue",   "8",
                                          "max_request_size",  "4096", "request_timeout_ms", "5000",
                                          "enable_keep_alive", "no"};

// For the loop to answer, which takes microseconds.
constexpr Duration kCollectLimit = 3s;

Task<NodeMetrics> metrics_of(const Node& node) {
  co_return node.metrics();
}

class Collector final : public prometheus::Collectable {
 public:
  Collector(real::Loop& loop, Node& node) : node_(node), calls_(loop) {}

  // On a thread of the server. Nothing when the daemon stops.
  std::vector<prometheus::MetricFamily> Collect() const override {
    const auto metrics =
        calls_.run<NodeMetrics>([this] { return metrics_of(node_); }, kCollectLimit, [] { return false; });
    return metrics ? metric_families(*metrics) : std::vector<prometheus::MetricFamily>();
  }

  Task<void> close() { return calls_.close(); }

 private:
  Node& node_;
  mutable LoopCalls calls_;
};

std::unique_ptr<prometheus::Exposer> listen(const Endpoint& endpoint) {
  std::vector<std::string> options = {"listening_ports", endpoint.to_string()};
  options.insert(options.end(), kLimits.begin(), kLimits.end());
  try {
    return std::make_unique<prometheus::Exposer>(std::move(options));
  } catch (const std::exception&) {  // it says no more than that
    throw Failure(
        ExitStatus::kFailed,
        fmt::format("metrics cannot be served at {}; choose another address or port", endpoint.to_string()));
  }
}

}  // namespace

Endpoint parse_metrics_address(const std::string& text, const std::string& where) {
  const std::size_t colon = text.rfind(':');
  std::string host = text.substr(0, colon == std::string::npos ? 0 : colon);
  const std::string port = colon == std::string::npos ? "" : text.substr(colon + 1);
  const bool in_brackets = host.starts_with('[') && host.ends_with(']');
  if (in_brackets) host = host.substr(1, host.size() - 2);
  const auto address = IpAddress::parse(host);
  std::uint16_t number = 0;
  const char* end = port.data() + port.size();
  const auto parsed = std::from_chars(port.data(), end, number);
  if (!address || address->is_v4() == in_brackets || port.empty() || parsed.ec != std::errc() ||
      parsed.ptr != end) {
    throw Failure(ExitStatus::kUsage,
                  fmt::format("{}: \"{}\" is not an IP address with a port; write one like 127.0.0.1:9464 or "
                              "[::1]:9464",
                              where, text));
  }
  return {*address, number};
}

struct MetricsServer::State {
  State(real::Loop& node_loop, Node& node, const Endpoint& endpoint)
      : loop(node_loop), collector(std::make_shared<Collector>(node_loop, node)), exposer(listen(endpoint)) {
    exposer->RegisterCollectable(collector);
    const Endpoint real{endpoint.address, static_cast<std::uint16_t>(exposer->GetListeningPorts().front())};
    url = "http://" + real.to_string() + "/metrics";
  }

  real::Loop& loop;
  std::shared_ptr<Collector> collector;
  std::unique_ptr<prometheus::Exposer> exposer;
  std::string url;
};

MetricsServer::MetricsServer(real::Loop& loop, Node& node, Endpoint endpoint)
    : state_(std::make_unique<State>(loop, node, endpoint)) {}

MetricsServer::~MetricsServer() = default;

const std::string& MetricsServer::url() const {
  return state_->url;
}

Task<void> MetricsServer::close() {
  co_await state_->collector->close();
  // Its threads may still ask the loop, which goes on meanwhile.
  State* state = state_.get();
  const auto end = [state] { state->exposer.reset(); };
  co_await state->loop.env().offload.run(end);
}

}  // namespace warren::app
