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

CommandWords words_of(const CLI::App& command) {
  CommandWords words{.name = command.get_name(), .about = command.get_description()};
  for (const CLI::Option* option : command.get_options()) words.options.push_back(words_of(*option));
  return words;
}

}  // namespace

std::vector<CommandWords> walk(const CLI::App& program) {
  std::vector<CommandWords> commands = {words_of(program)};
  commands.front().name.clear();
  for (const CLI::App* command : program.get_subcommands([](const CLI::App*) { return true; })) {
    commands.push_back(words_of(*command));
  }
  return commands;
}

}  // namespace warren::app
