// The metrics over HTTP, for Prometheus: http://ADDRESS/metrics and nothing else. Lives in the loop.
#pragma once

#include <memory>
#include <string>

#include "app/metrics_source.hpp"
#include "warren/async/task_group.hpp"

namespace warren::app {

// "127.0.0.1:9464" or "[::1]:9464"; port 0 means any free one. Throws Failure that names `where` it was
// written.
Endpoint parse_metrics_address(const std::string& text, const std::string& where);

class MetricsServer {
 public:
  // Begins to serve. Both outlive it. Throws Failure when nobody can listen there.
  MetricsServer(Env& env, const MetricsSource& source, const Endpoint& endpoint);

  // "http://127.0.0.1:9464/metrics", with the real port.
  std::string url() const { return "http://" + listener_->local_endpoint().to_string() + "/metrics"; }

  // Ends it, and waits until nothing of it runs.
  Task<void> close();

 private:
  Task<void> accept();
  Task<void> serve(std::unique_ptr<TcpStream> stream);
  Task<void> answer(TcpStream& stream);

  Env& env_;
  const MetricsSource& source_;
  std::unique_ptr<TcpListener> listener_;
  TaskGroup accepting_;
  TaskGroup serving_;
};

}  // namespace warren::app
