// The words for the node's operator: what happens at its edge, what others take up, who is let in.
#include "app/command.hpp"
#include "app/commands/commands.hpp"

namespace warren::app {
namespace {

void describe_looking_after(CLI::App& program, std::function<ExitStatus()>& chosen) {
  const auto events =
      add<EventsOptions>(program, chosen, "events",
                         "Who connected, who left and why, what was refused, what became of relays and paths",
                         "  warren events\n"
                         "  warren events --follow --json\n"
                         "  warren events --follow --json | jq 'select(.event == \"path\")'",
                         run_events);
  events.app->add_flag("--follow,-f", events.options->follow, "Then wait for new ones, until Ctrl-C");
  add_json(events, "Print one JSON object an event");

  add_json(
      add<CommonOptions>(program, chosen, "limits", "What is used of each limit, and how often each refused",
                         "  warren limits\n  warren limits --json", run_limits),
      "Print one JSON object");

  add<CommonOptions>(program, chosen, "metrics", "Counters and gauges, in Prometheus' text format",
                     "  warren metrics\n  warren metrics | grep warren_refused_total\n"
                     "  warren metrics | grep -E 'warren_(peers|path_|punch_|time_to_direct)'",
                     run_metrics);
}

void describe_access(CLI::App& program, std::function<ExitStatus()>& chosen) {
  const auto describe = [&](const char* name, const char* about, const char* remove, auto* run) {
    const std::string command = std::string("  warren ") + name;
    const std::string examples =
        command + " zEPJ...\n" + command + " 12D3KooW... --json\n" + command + " 192.0.2.0/24 --remove";
    const auto access = add<AccessOptions>(program, chosen, name, about, examples, run);
    access.app
        ->add_option("SUBJECT", access.options->subject,
                     "A NodeID (zEPJ...), a PeerID (12D3KooW...), an IP address or a subnet (192.0.2.0/24)")
        ->required()
        ->type_name("");
    access.app->add_flag("--remove", access.options->remove, remove);
    add_json(access, "Print one JSON object");
  };
  describe("allow", "Let somebody in whatever the limits say, from now on and after restarts",
           "Take it off the list of those allowed", run_allow);
  describe("deny", "Never let somebody in, and end its connections; also after restarts",
           "Take it off the list of those denied", run_deny);
  add_json(add<CommonOptions>(program, chosen, "access", "Who is always or never let in",
                              "  warren access\n  warren access --json", run_access),
           "Print one JSON object");
}

void describe_completion(CLI::App& program, std::function<ExitStatus()>& chosen) {
  const auto completion = add<CompletionOptions>(
      program, chosen, "completion", "A script with which a shell completes the words of `warren`",
      "  warren completion bash >>~/.bashrc\n"
      "  source <(warren completion zsh)\n"
      "  warren completion fish | source",
      run_completion);
  completion.options->program = &program;
  completion.app->add_option("SHELL", completion.options->shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
}

}  // namespace

void describe_operating(CLI::App& program, std::function<ExitStatus()>& chosen) {
  describe_looking_after(program, chosen);
  describe_access(program, chosen);
  describe_completion(program, chosen);
}

}  // namespace warren::app
