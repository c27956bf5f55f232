// The metrics over HTTP, for Prometheus: http://ADDRESS/metrics and nothing else.
#pragma once

#include <memory>
#include <string>

#include "app/loop_calls.hpp"
#include "warren/env/endpoint.hpp"
#include "warren/node/node.hpp"

namespace warren::app {

// "127.0.0.1:9464" or "[::1]:9464"; port 0 means any free one. Throws Failure that names `where` it was
// written.
Endpoint parse_metrics_address(const std::string& text, const std::string& where);

class MetricsServer {
 public:
  // Begins to serve. Both outlive it. Throws Failure when nobody can listen there.
  MetricsServer(real::Loop& loop, Node& node, Endpoint endpoint);
  ~MetricsServer();

  // "http://127.0.0.1:9464/metrics", with the real port.
  const std::string& url() const;

  // In the loop: ends it, and waits until its threads have.
  Task<void> close();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace warren::app
