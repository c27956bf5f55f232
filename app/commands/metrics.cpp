#include <fmt/format.h>

#include "app/commands/commands.hpp"
#include "app/control_client.hpp"

namespace warren::app {

ExitStatus run_metrics(const CommonOptions& options) {
  ControlClient client(DataDir::choose(options.data_dir));
  fmt::print("{}", client.metrics());
  return ExitStatus::kDone;
}

}  // namespace warren::app
