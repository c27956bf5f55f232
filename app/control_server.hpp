// The daemon's end of the control socket.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "app/bootstrap_list.hpp"
#include "app/metrics_source.hpp"
#include "warren/env/real/loop.hpp"
#include "warren/node/node.hpp"

namespace warren::app {

struct ControlOptions {
  std::filesystem::path access_file;  // where changes of the access list go
  BootstrapList bootstrap;
  Duration request_timeout;  // of requests that name none
};

class ControlServer {
 public:
  // All outlive this object. The node has started.
  ControlServer(real::Loop& loop, Node& node, const MetricsSource& metrics, ControlOptions options);
  // close() has ended before.
  ~ControlServer();

  // Listens on the socket (DataDir::control_address), which only the owner can open; one that a killed daemon
  // left behind is replaced, so the caller holds the directory's lock. Throws Failure.
  void start(const std::string& address);

  // In the loop: ends all calls and waits for gRPC's threads. Idempotent.
  Task<void> close();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace warren::app
