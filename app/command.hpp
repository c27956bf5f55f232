// How a command is described to the command line: its name, its help, and options that live as long as the
// App.
#pragma once

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <functional>
#include <memory>
#include <string>

#include "app/exit_status.hpp"

namespace warren::app {

// A limit on a number, which the help does not spell out.
template <class T>
CLI::Validator between(T least, T most) {
  return CLI::Range(least, most).description("");
}

// One command whose options live as long as the App, in the closure that runs it.
template <class Options>
struct Command {
  CLI::App* app;
  std::shared_ptr<Options> options;
};

template <class Options>
Command<Options> add(CLI::App& program, std::function<ExitStatus()>& chosen, const std::string& name,
                     const std::string& about, const std::string& examples,
                     ExitStatus (*run)(const Options&)) {
  CLI::App* app = program.add_subcommand(name, about);
  auto options = std::make_shared<Options>();
  app->add_option("--data-dir", options->data_dir,
                  "The node's folder; default $WARREN_DATA_DIR, then ~/.local/share/warren")
      ->type_name("DIR");
  app->footer("Examples:\n" + examples);
  app->callback([&chosen, options, run] { chosen = [options, run] { return run(*options); }; });
  return {app, options};
}

template <class Options>
void add_json(const Command<Options>& command, const std::string& about) {
  command.app->add_flag("--json", command.options->json, about);
}

// The commands for finding nodes (discovery_commands.cpp).
void describe_finding(CLI::App& program, std::function<ExitStatus()>& chosen);

// The commands for being found by others (reachability_commands.cpp).
void describe_being_reached(CLI::App& program, std::function<ExitStatus()>& chosen);

// The commands for topics (topic_commands.cpp).
void describe_topics(CLI::App& program, std::function<ExitStatus()>& chosen);

// The commands for the node's operator (operator_commands.cpp).
void describe_operating(CLI::App& program, std::function<ExitStatus()>& chosen);

}  // namespace warren::app
