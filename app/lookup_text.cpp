#include "app/lookup_text.hpp"

#include <fmt/format.h>

namespace warren::app {
namespace {

std::string outcome_of(const control::v1::LookupStep& step) {
  if (step.state() == "waiting") return "not waited for";
  if (step.state() == "failed") return fmt::format("no answer after {:.1f} ms", step.ms());
  return fmt::format("{:.1f} ms", step.ms());
}

}  // namespace

std::vector<JsonObject> steps_json(const control::v1::Lookup& lookup) {
  std::vector<JsonObject> list;
  for (const auto& step : lookup.steps()) {
    JsonObject line;
    line.text("peer_id", step.peer_id())
        .number("hop", step.hop())
        .text("state", step.state())
        .number("common_prefix", step.common_prefix());
    if (step.state() == "waiting") {
      line.null("ms");
    } else {
      line.real("ms", step.ms());
    }
    list.push_back(line);
  }
  return list;
}

std::string steps_text(const control::v1::Lookup& lookup) {
  std::string text;
  for (const auto& step : lookup.steps()) {
    text += fmt::format("  hop {}  {}  {:>3} bits  {}\n", step.hop(), step.peer_id(), step.common_prefix(),
                        outcome_of(step));
  }
  return text;
}

}  // namespace warren::app
