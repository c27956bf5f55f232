// Scripts with which shells complete the words of this program. They are made of the command line itself, so
// they know what it knows.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace warren::app {

// Each is a whole script, for ~/.bashrc and the like to source, or for the shell's folder of completions.
std::string bash_completion(const CLI::App& program);
std::string zsh_completion(const CLI::App& program);
std::string fish_completion(const CLI::App& program);

}  // namespace warren::app
