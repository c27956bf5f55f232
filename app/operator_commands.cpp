// The words for the node's operator: what happens at its edge, what others take up, who is let in.
#include "app/command.hpp"
#include "app/commands/commands.hpp"

namespace warren::app {
namespace {

void describe_looking_after(CLI::App& program, std::function<ExitStatus()>& chosen) {
  const auto events =
      add<EventsOptions>(program, chosen, "events", "Who connected, who left and why, what was refused",
                         "  warren events\n"
                         "  warren events --follow --json",
                         run_events);
  events.app->add_flag("--follow,-f", events.options->follow, "Then wait for new ones, until Ctrl-C");
  add_json(events, "Print one JSON object an event");

  add_json(
      add<CommonOptions>(program, chosen, "limits", "What is used of each limit, and how often each refused",
                         "  warren limits\n  warren limits --json", run_limits),
      "Print one JSON object");
}

}  // namespace

void describe_operating(CLI::App& program, std::function<ExitStatus()>& chosen) {
  describe_looking_after(program, chosen);
}

}  // namespace warren::app
