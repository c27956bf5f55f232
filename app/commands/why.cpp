// Why the path to another node is what it is.
#include <fmt/format.h>

#include "app/commands/commands.hpp"
#include "app/path_report_text.hpp"
#include "app/paths_client.hpp"

namespace warren::app {

ExitStatus run_why(const WhyOptions& options) {
  const v1::WhyReply report = PathsClient(DataDir::choose(options.data_dir)).why(options.target);
  if (options.json) {
    fmt::print("{}\n", report_json(report).to_string());
  } else {
    fmt::print("{}", report_text(report));
  }
  return ExitStatus::kDone;
}

}  // namespace warren::app
