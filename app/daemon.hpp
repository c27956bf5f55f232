// `warren up`: one node in the foreground, with its control socket, until SIGINT or SIGTERM.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/config_file.hpp"
#include "app/data_dir.hpp"
#include "warren/env/endpoint.hpp"

namespace warren::app {

struct DaemonOptions {
  bool json = false;                     // the ready line for programs
  std::optional<Endpoint> metrics = {};  // where they are served over HTTP
  std::string qlog_dir = {};             // see Config
};

// Holds the directory's lock, loads the keys and runs. Throws Failure, or what Node::start throws.
void run_daemon(const DataDir& dir, const ConfigFile& config, const DaemonOptions& options);

}  // namespace warren::app
