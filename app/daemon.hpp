// `warren up`: one node in the foreground, with its control socket, until SIGINT or SIGTERM.
#pragma once

#include <string>
#include <vector>

#include "app/config_file.hpp"
#include "app/data_dir.hpp"

namespace warren::app {

struct DaemonOptions {
  bool json = false;  // the ready line for programs
};

// Holds the directory's lock, loads the keys and runs. Throws Failure, or what Node::start throws.
void run_daemon(const DataDir& dir, const ConfigFile& config, DaemonOptions options);

}  // namespace warren::app
