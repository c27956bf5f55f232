#include <fmt/format.h>

#include "app/commands/commands.hpp"
#include "app/config_file.hpp"
#include "app/data_dir.hpp"
#include "app/json.hpp"
#include "app/keys.hpp"

namespace warren::app {

// From the files, so that it needs no daemon.
ExitStatus run_id(const CommonOptions& options) {
  const DataDir dir = DataDir::choose(options.data_dir);
  dir.require_initialized(ExitStatus::kFailed);
  const ConfigFile config = read_config_file(dir.config());
  const Keys keys = load_keys(dir, config.identity);
  if (options.json) {
    const JsonObject line = JsonObject()
                                .text("node_id", keys.node_id().to_string())
                                .text("peer_id", keys.peer_id().to_string())
                                .text("network", config.network)
                                .text("mode", std::string(name_of(config.identity)));
    fmt::print("{}\n", line.to_string());
  } else {
    fmt::print("NodeID   {}\nPeerID   {}\nNetwork  {}\nMode     {}\n", keys.node_id().to_string(),
               keys.peer_id().to_string(), config.network, name_of(config.identity));
  }
  return ExitStatus::kDone;
}

}  // namespace warren::app
