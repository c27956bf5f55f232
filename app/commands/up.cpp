#include <csignal>

#include "app/commands/commands.hpp"
#include "app/config_file.hpp"
#include "app/daemon.hpp"
#include "app/data_dir.hpp"
#include "app/log_sink.hpp"

namespace warren::app {

ExitStatus run_up(const UpOptions& options) {
  const DataDir dir = DataDir::choose(options.data_dir);
  dir.require_initialized(ExitStatus::kFailed);
  ConfigFile config = read_config_file(dir.config());
  if (!options.listen.empty()) config.listen.clear();
  for (const std::string& text : options.listen) config.listen.push_back(parse_address(text, "--listen"));
  for (const std::string& text : options.bootstrap) {
    config.bootstrap.push_back(parse_bootstrap(text, "--bootstrap"));
  }
  if (!options.log_level.empty()) config.log_level = parse_log_level(options.log_level);
  log_to_stderr(config.log_level);
  std::signal(SIGPIPE, SIG_IGN);  // who reads our output may leave
  run_daemon(dir, config, DaemonOptions{.json = options.json});
  return ExitStatus::kDone;
}

}  // namespace warren::app
