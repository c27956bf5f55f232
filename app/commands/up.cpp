#include <csignal>

#include "app/commands/commands.hpp"
#include "app/config_file.hpp"
#include "app/daemon.hpp"
#include "app/data_dir.hpp"
#include "app/log_sink.hpp"
#include "app/metrics_server.hpp"

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
  for (const std::string& text : options.relays)
    config.reachability.relays.push_back(parse_relay(text, "--relay"));
  if (!options.profile.empty()) config.discovery.profile = value_or_throw(parse_profile(options.profile));
  if (!options.log_level.empty()) config.log_level = parse_log_level(options.log_level);
  log_to_stderr(config.log_level);
  std::signal(SIGPIPE, SIG_IGN);  // who reads our output may leave
  DaemonOptions daemon{.json = options.json, .qlog_dir = options.qlog_dir};
  const bool given = !options.metrics.empty();
  const std::string metrics = given ? options.metrics : config.metrics;
  const std::string where = given ? "--metrics" : dir.config().string() + ": `metrics`";
  if (!metrics.empty()) daemon.metrics = parse_metrics_address(metrics, where);
  run_daemon(dir, config, daemon);
  return ExitStatus::kDone;
}

}  // namespace warren::app
