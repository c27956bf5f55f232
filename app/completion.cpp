#include "app/completion.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "app/command_words.hpp"

namespace warren::app {
namespace {

// In single quotes, for every shell here (fish knows the escape of quotes, the others its long form).
std::string quoted(const std::string& text, const char* quote) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string(quote) : std::string(1, c);
  return result + "'";
}

// What a command's line may hold: its members, its options and its choices.
std::string words_for(const CommandWords& command) {
  std::vector<std::string> words = command.members;
  for (const OptionWords& option : command.options) {
    const auto& more = option.names.empty() ? option.choices : option.names;
    words.insert(words.end(), more.begin(), more.end());
  }
  return fmt::format("{}", fmt::join(words, " "));
}

// "dht" of "dht put"; empty of a command that is in no group.
std::string group_of(const CommandWords& command) {
  const std::size_t space = command.name.find(' ');
  return space == std::string::npos ? "" : command.name.substr(0, space);
}

// What follows `warren`.
std::string names_of(const std::vector<CommandWords>& commands) {
  std::vector<std::string> names;
  for (const CommandWords& command : commands) {
    if (!command.name.empty() && group_of(command).empty()) names.push_back(command.name);
  }
  return fmt::format("{}", fmt::join(names, " "));
}

// "dht|bootstrap"
std::string groups_in(const std::vector<CommandWords>& commands) {
  std::vector<std::string> names;
  for (const CommandWords& command : commands) {
    if (!command.members.empty()) names.push_back(command.name);
  }
  return fmt::format("{}", fmt::join(names, "|"));
}

// --- bash ---

// "'send:--file'|'send:-f'" for the options that `wanted` chooses.
template <class Wanted>
std::string pattern(const CommandWords& command, Wanted wanted) {
  std::vector<std::string> cases;
  for (const OptionWords& option : command.options) {
    if (!option.takes_value || !wanted(option)) continue;
    for (const std::string& name : option.names) cases.push_back(quoted(command.name + ":" + name, ""));
  }
  return fmt::format("{}", fmt::join(cases, "|"));
}

std::string bash_values(const std::vector<CommandWords>& commands) {
  std::string text;
  for (const CommandWords& command : commands) {
    for (const OptionWords& option : command.options) {
      if (option.choices.empty()) continue;
      const std::string one = pattern(command, [&](const OptionWords& other) { return &other == &option; });
      if (one.empty()) continue;
      text += fmt::format("    {}) COMPREPLY=($(compgen -W '{}' -- \"$word\")); return ;;\n", one,
                          fmt::join(option.choices, " "));
    }
    const std::string paths = pattern(command, [](const OptionWords& option) { return option.is_path; });
    if (!paths.empty())
      text += fmt::format(
          "    {}) mapfile -t COMPREPLY < <(compgen -f -- \"$word\"); compopt -o filenames 2>/dev/null; "
          "return ;;\n",
          paths);
    const std::string others =
        pattern(command, [](const OptionWords& option) { return !option.is_path && option.choices.empty(); });
    if (!others.empty()) text += fmt::format("    {}) return ;;\n", others);
  }
  return text;
}

// --- zsh ---

// A text in an _arguments specification.
std::string zsh_text(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (std::string_view("[]:\\").contains(c)) result += '\\';
    result += c;
  }
  return result;
}

std::string zsh_option(const OptionWords& option, const std::string& name) {
  std::string spec = fmt::format("*{}[{}]", name, zsh_text(option.about));
  if (option.takes_value) {
    spec += ":value:";
    if (option.is_path) spec += "_files";
    if (!option.choices.empty()) spec += fmt::format("({})", fmt::join(option.choices, " "));
  }
  return quoted(spec, "'\\''");
}

std::string zsh_arguments(const CommandWords& command) {
  std::string text;
  if (!command.members.empty())
    text += fmt::format(" \\\n        '1: :({})'", fmt::join(command.members, " "));
  for (const OptionWords& option : command.options) {
    for (const std::string& name : option.names) text += " \\\n        " + zsh_option(option, name);
    if (!option.names.empty()) continue;
    const std::string spec = fmt::format("::{}:({})", zsh_text(option.about), fmt::join(option.choices, " "));
    text += " \\\n        " + quoted(spec, "'\\''");
  }
  return text;
}

// --- fish ---

// When the words that follow may be the command's.
std::string fish_seen(const CommandWords& command) {
  if (command.name.empty()) return "__fish_use_subcommand";
  const std::string group = group_of(command);
  if (group.empty()) return "__fish_seen_subcommand_from " + command.name;
  return fmt::format("__fish_seen_subcommand_from {}; and __fish_seen_subcommand_from {}", group,
                     command.name.substr(group.size() + 1));
}

// When it may be named itself.
std::string fish_place(const CommandWords& command, const std::vector<CommandWords>& commands) {
  const std::string group = group_of(command);
  if (group.empty()) return "__fish_use_subcommand";
  const auto found = std::ranges::find(commands, group, &CommandWords::name);
  return fmt::format("__fish_seen_subcommand_from {}; and not __fish_seen_subcommand_from {}", group,
                     fmt::join(found->members, " "));
}

std::string fish_option(const CommandWords& command, const OptionWords& option) {
  std::string line = fmt::format("complete -c warren -n {}", quoted(fish_seen(command), "\\'"));
  for (const std::string& name : option.names) {
    line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  if (option.takes_value && !option.names.empty()) line += option.is_path ? " -r -F" : " -x";
  if (!option.choices.empty()) line += fmt::format(" -a '{}'", fmt::join(option.choices, " "));
  return line + " -d " + quoted(option.about, "\\'") + "\n";
}

}  // namespace

std::string bash_completion(const CLI::App& program) {
  const std::vector<CommandWords> commands = walk(program);
  std::string words;
  for (const CommandWords& command : commands) {
    const std::string all = words_for(command) + (command.name.empty() ? " " + names_of(commands) : "");
    words += fmt::format("    '{}') words='{}' ;;\n", command.name, all);
  }
  return fmt::format(R"(# Completion of `warren` for bash: source it, or `warren completion bash >>~/.bashrc`.
_warren() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} command= words= i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${{COMP_WORDS[i]}} in
      -*) ;;
      *) command+=${{command:+ }}${{COMP_WORDS[i]}}
         case $command in
           {}) ;;
           *) break ;;
         esac ;;
    esac
  done
  COMPREPLY=()
  case $command:$before in
{}  esac
  case $command in
{}  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
complete -F _warren warren
)",
                     groups_in(commands), bash_values(commands), words);
}

std::string zsh_completion(const CLI::App& program) {
  const std::vector<CommandWords> commands = walk(program);
  std::string names;
  std::string cases;
  for (const CommandWords& command : commands) {
    if (command.name.empty()) continue;
    if (group_of(command).empty())
      names += fmt::format("    {}\n", quoted(command.name + ":" + zsh_text(command.about), "'\\''"));
    cases += fmt::format("    '{}')\n      _arguments{}\n      ;;\n", command.name, zsh_arguments(command));
  }
  return fmt::format(R"(#compdef warren
# Completion of `warren` for zsh: in a folder of $fpath as _warren, or `source <(warren completion zsh)`.
_warren() {{
  local -a commands
  commands=(
{}  )
  if (( CURRENT == 2 )); then
    _describe -t commands command commands
    _arguments{}
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  if [[ $command == ({}) ]] && (( CURRENT > 2 )); then
    command+=" $words[2]"
    shift words
    (( CURRENT-- ))
  fi
  case $command in
{}  esac
}}
if [[ $funcstack[1] == _warren ]]; then
  _warren "$@"
else
  compdef _warren warren
fi
)",
                     names, zsh_arguments(commands.front()), groups_in(commands), cases);
}

std::string fish_completion(const CLI::App& program) {
  const std::vector<CommandWords> commands = walk(program);
  std::string text =
      "# Completion of `warren` for fish: `warren completion fish | source`.\ncomplete -c warren -f\n";
  for (const CommandWords& command : commands) {
    if (!command.name.empty()) {
      const std::string name = command.name.substr(command.name.find(' ') + 1);
      text += fmt::format("complete -c warren -n {} -a {} -d {}\n",
                          quoted(fish_place(command, commands), "\\'"), name, quoted(command.about, "\\'"));
    }
    for (const OptionWords& option : command.options) {
      if (!option.names.empty() || !option.choices.empty()) text += fish_option(command, option);
    }
  }
  return text;
}

}  // namespace warren::app
