#include "app/daemon.hpp"

#include <fmt/format.h>

#include <cstdio>

#include "app/control_server.hpp"
#include "app/exit_status.hpp"
#include "app/json.hpp"
#include "app/keys.hpp"
#include "app/lock_file.hpp"
#include "app/signals.hpp"
#include "app/version.hpp"
#include "warren/async/cancellation.hpp"
#include "warren/base/log.hpp"

namespace warren::app {
namespace {

Config node_config(const DataDir& dir, const ConfigFile& file) {
  Keys keys = load_keys(dir);
  return Config{.node_key = std::move(keys.node),
                .peer_key = std::move(keys.peer),
                .network = file.network,
                .listen = file.listen,
                .bootstrap = file.bootstrap,
                .data_dir = dir.path().string(),
                .dial_timeout = file.dial_timeout,
                .request_timeout = file.request_timeout,
                .agent_version = std::string("warren/") + kVersion};
}

// The one line that says that others can reach us now; scripts wait for it.
void print_ready(const Node& node, bool json) {
  std::vector<std::string> addresses;
  for (const Multiaddr& address : node.addresses()) {
    addresses.push_back(address.with(Protocol::kP2p, node.peer_id().bytes()).to_string());
  }
  if (json) {
    const std::string line = JsonObject()
                                 .text("event", "ready")
                                 .text("node_id", node.node_id().to_string())
                                 .text("peer_id", node.peer_id().to_string())
                                 .texts("addresses", addresses)
                                 .to_string();
    std::puts(line.c_str());
  } else {
    fmt::print("Warren {}, network {}\n  NodeID  {}\n  PeerID  {}\n", kVersion, node.network(),
               node.node_id().to_string(), node.peer_id().to_string());
    for (const std::string& address : addresses) fmt::print("  at      {}\n", address);
    std::puts("Ready. Ctrl-C stops it.");
  }
  std::fflush(stdout);
}

// What one run needs in turn; the control server exists once the node has started.
struct Run {
  Run(real::Loop& node_loop, Config config)
      : loop(node_loop), signals(loop.env().executor), node(loop.env(), std::move(config)) {}

  real::Loop& loop;
  StopSignals signals;
  Node node;
  std::optional<ControlServer> control;
};

Task<void> serve_until_stopped(Run& run, std::string socket, bool json) {
  co_await run.node.start();
  run.control.emplace(run.loop, run.node);
  run.control->start(socket);
  print_ready(run.node, json);
  co_await run.signals.wait();
  log::info("daemon", "stops");
}

Task<void> shut_down(Run& run) {
  if (run.control) co_await run.control->close();
  co_await run.node.stop();
}

Task<void> run_node(real::Loop& loop, Config config, std::string socket, bool json) {
  Run run(loop, std::move(config));
  co_await finally(serve_until_stopped(run, std::move(socket), json), shut_down(run));
}

}  // namespace

void run_daemon(const DataDir& dir, const ConfigFile& config, DaemonOptions options) {
  const LockFile lock(dir.lock());
  real::Loop loop;
  loop.run(run_node(loop, node_config(dir, config), dir.control_address(), options.json));
}

}  // namespace warren::app
