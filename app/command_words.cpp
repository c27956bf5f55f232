#include "app/command_words.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

namespace warren::app {
namespace {

// What a CLI::IsMember says of itself: "{bash,zsh,fish}".
std::vector<std::string> choices_in(const std::string& text) {
  const std::size_t begin = text.find('{');
  const std::size_t end = text.find('}');
  if (begin == std::string::npos || end == std::string::npos || begin > end) return {};
  std::vector<std::string> choices;
  std::string choice;
  for (const char c : text.substr(begin + 1, end - begin - 1)) {
    if (c == ',') {
      choices.push_back(std::exchange(choice, {}));
    } else {
      choice += c;
    }
  }
  choices.push_back(choice);
  return choices;
}

OptionWords words_of(const CLI::Option& option) {
  OptionWords words{.about = option.get_description(), .takes_value = option.get_items_expected_max() > 0};
  for (const std::string& name : option.get_lnames()) words.names.push_back("--" + name);
  for (const std::string& name : option.get_snames()) words.names.push_back("-" + name);
  const std::string type = option.get_type_name();
  words.is_path = type.starts_with("F") || type.starts_with("DIR");
  words.choices = choices_in(type);
  return words;
}

std::vector<const CLI::App*> commands_in(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

CommandWords words_of(const CLI::App& command, const std::string& name) {
  CommandWords words{.name = name, .about = command.get_description(), .options = {}, .members = {}};
  for (const CLI::Option* option : command.get_options()) words.options.push_back(words_of(*option));
  return words;
}

}  // namespace

std::vector<CommandWords> walk(const CLI::App& program) {
  std::vector<CommandWords> commands = {words_of(program, "")};
  for (const CLI::App* command : commands_in(program)) {
    CommandWords words = words_of(*command, command->get_name());
    for (const CLI::App* member : commands_in(*command)) words.members.push_back(member->get_name());
    commands.push_back(std::move(words));
    for (const CLI::App* member : commands_in(*command))
      commands.push_back(words_of(*member, command->get_name() + " " + member->get_name()));
  }
  return commands;
}

}  // namespace warren::app
