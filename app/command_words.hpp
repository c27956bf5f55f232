// The words of the command line, walked once: what the writers of completion scripts need of CLI11's App.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace warren::app {

struct OptionWords {
  std::vector<std::string> names;  // "--follow", "-f"; empty: given by its place
  std::string about;
  bool takes_value = false;
  bool is_path = false;              // its value is a file or a folder
  std::vector<std::string> choices;  // the values that there are; empty: any
};

struct CommandWords {
  std::string name;  // empty: the program itself; "dht put" of one in a group
  std::string about;
  std::vector<OptionWords> options;
  std::vector<std::string> members;  // of a group: "put", "get"...
};

// The program itself first, and each group before its members.
std::vector<CommandWords> walk(const CLI::App& program);

}  // namespace warren::app
