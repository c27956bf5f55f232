#include <fmt/format.h>

#include <algorithm>

#include "app/commands/commands.hpp"
#include "app/control_client.hpp"
#include "app/json.hpp"

namespace warren::app {
namespace {

JsonObject json_of(const v1::Limit& limit) {
  return JsonObject()
      .text("knob", limit.knob())
      .number("used", static_cast<std::int64_t>(limit.used()))
      .number("max", static_cast<std::int64_t>(limit.max()))
      .number("refused", static_cast<std::int64_t>(limit.refused()))
      .text("about", limit.about());
}

void print_table(const v1::Limits& limits) {
  std::size_t width = 0;
  for (const v1::Limit& limit : limits.limits()) width = std::max(width, limit.knob().size());
  fmt::print("{:<{}}  {:>10}  {:>10}  {:>8}  about\n", "knob", width, "used", "max", "refused");
  for (const v1::Limit& limit : limits.limits()) {
    fmt::print("{:<{}}  {:>10}  {:>10}  {:>8}  {}\n", limit.knob(), width, limit.used(), limit.max(),
               limit.refused(), limit.about());
  }
}

}  // namespace

ExitStatus run_limits(const CommonOptions& options) {
  ControlClient client(DataDir::choose(options.data_dir));
  const v1::Limits limits = client.limits();
  if (!options.json) {
    print_table(limits);
    return ExitStatus::kDone;
  }
  std::vector<JsonObject> rows;
  for (const v1::Limit& limit : limits.limits()) rows.push_back(json_of(limit));
  fmt::print("{}\n", JsonObject().objects("limits", rows).to_string());
  return ExitStatus::kDone;
}

}  // namespace warren::app
