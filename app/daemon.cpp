#include "app/daemon.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "app/access_file.hpp"
#include "app/bootstrap_list.hpp"
#include "app/control_server.hpp"
#include "app/exit_status.hpp"
#include "app/json.hpp"
#include "app/keys.hpp"
#include "app/lock_file.hpp"
#include "app/metrics_server.hpp"
#include "app/signals.hpp"
#include "app/swarm_key.hpp"
#include "app/version.hpp"
#include "warren/async/cancellation.hpp"
#include "warren/base/log.hpp"

namespace warren::app {
namespace {

// A pre-shared key guards pipes of bytes, which QUIC does not have.
std::vector<Multiaddr> without_quic(const std::vector<Multiaddr>& listen) {
  std::vector<Multiaddr> usable;
  for (const Multiaddr& address : listen) {
    if (address.has(Protocol::kQuicV1)) {
      log::warning("daemon", "a private network has no QUIC: not listening on " + address.to_string());
    } else {
      usable.push_back(address);
    }
  }
  return usable;
}

// warren.toml names "any IPv6 address" on machines that have none, too: that alone is no reason not to run.
std::vector<Multiaddr> without_missing_ipv6(const std::vector<Multiaddr>& listen, Network& network) {
  const std::vector<IpAddress> own = network.interface_addresses();
  if (std::ranges::any_of(own, [](const IpAddress& address) { return !address.is_v4(); })) return listen;
  std::vector<Multiaddr> kept;
  for (const Multiaddr& address : listen) {
    const bool any_ipv6 = address.value_of(Protocol::kIp6) == Bytes(16);
    if (!any_ipv6) kept.push_back(address);
    if (any_ipv6) log::warning("daemon", "no IPv6 on this machine: not listening on " + address.to_string());
  }
  return kept;
}

Config node_config(const DataDir& dir, const ConfigFile& file, const BootstrapList& bootstrap,
                   Network& network) {
  Keys keys = load_keys(dir, file.identity);
  const auto swarm_key = load_swarm_key(dir);
  const std::vector<Multiaddr> listen = without_missing_ipv6(file.listen, network);
  return Config{.node_key = std::move(keys.node),
                .peer_key = std::move(keys.peer),
                .identity = file.identity,
                .network = file.network,
                .pre_shared_key = swarm_key,
                .listen = swarm_key ? without_quic(listen) : listen,
                .bootstrap = bootstrap.all(),
                .discovery = file.discovery,
                .reachability = file.reachability,
                .punch = file.punch,
                .broadcast = file.broadcast,
                .securities = file.securities,
                .websocket = file.websocket,
                .data_dir = dir.path().string(),
                .limits = file.limits,
                .access = read_access_file(dir.access()),
                .perf = file.perf,
                .dial_timeout = file.dial_timeout,
                .request_timeout = file.request_timeout,
                .agent_version = std::string("warren/") + kVersion};
}

// The one line that says that others can reach us now; scripts wait for it.
void print_ready(const Node& node, const std::string& metrics, bool json) {
  std::vector<std::string> addresses;
  for (const Multiaddr& address : node.addresses()) {
    addresses.push_back(address.with(Protocol::kP2p, node.peer_id().bytes()).to_string());
  }
  if (json) {
    JsonObject line;
    line.text("event", "ready")
        .text("node_id", node.node_id().to_string())
        .text("peer_id", node.peer_id().to_string())
        .texts("addresses", addresses);
    if (!metrics.empty()) line.text("metrics", metrics);
    std::puts(line.to_string().c_str());
  } else {
    fmt::print("Warren {}, network {}\n  NodeID  {}\n  PeerID  {}\n", kVersion, node.network(),
               node.node_id().to_string(), node.peer_id().to_string());
    for (const std::string& address : addresses) fmt::print("  at      {}\n", address);
    if (!metrics.empty()) fmt::print("  metrics {}\n", metrics);
    std::puts("Ready. Ctrl-C stops it.");
  }
  std::fflush(stdout);
}

// What one run needs in turn; the control server exists once the node has started.
struct Run {
  Run(real::Loop& node_loop, LockFile& lock_file, Config config)
      : loop(node_loop),
        lock(lock_file),
        signals(loop.env().executor),
        node(loop.env(), std::move(config)),
        metrics_source(node) {}

  real::Loop& loop;
  LockFile& lock;
  StopSignals signals;
  Node node;
  MetricsSource metrics_source;
  std::optional<ControlServer> control;
  std::optional<MetricsServer> metrics;
};

Task<void> serve_until_stopped(Run& run, const DataDir& dir, ControlOptions control,
                               const DaemonOptions& options) {
  run.lock.tell(to_string(LifeStage::kStarting));
  co_await run.node.start();
  run.control.emplace(run.loop, run.node, run.metrics_source, std::move(control));
  run.control->start(dir.control_address());
  if (options.metrics) run.metrics.emplace(run.loop.env(), run.metrics_source, *options.metrics);
  print_ready(run.node, run.metrics ? run.metrics->url() : "", options.json);
  co_await run.signals.wait();
  log::info("daemon", "stops");
}

Task<void> shut_down(Run& run) {
  run.lock.tell(to_string(LifeStage::kLeaving));
  if (run.metrics) co_await run.metrics->close();
  if (run.control) co_await run.control->close();
  co_await run.node.stop();
}

Task<void> run_node(real::Loop& loop, LockFile& lock, Config config, const DataDir& dir,
                    BootstrapList bootstrap, const DaemonOptions& options) {
  ControlOptions control{.access_file = dir.access(),
                         .bootstrap = std::move(bootstrap),
                         .request_timeout = config.request_timeout};
  Run run(loop, lock, std::move(config));
  co_await finally(serve_until_stopped(run, dir, std::move(control), options), shut_down(run));
}

}  // namespace

void run_daemon(const DataDir& dir, const ConfigFile& config, const DaemonOptions& options) {
  LockFile lock(dir.lock());
  real::Loop loop;
  BootstrapList bootstrap(dir.bootstrap(), config.bootstrap);
  Config node = node_config(dir, config, bootstrap, loop.env().network);
  node.qlog_dir = options.qlog_dir;
  loop.run(run_node(loop, lock, std::move(node), dir, std::move(bootstrap), options));
}

}  // namespace warren::app
