// The words that `warren` understands, with their help.
#pragma once

#include <functional>

#include "app/exit_status.hpp"

namespace CLI {
class App;
}

namespace warren::app {

// Describes every command to `app`. Parsing then sets `chosen` to what runs the one that was given.
void describe_commands(CLI::App& app, std::function<ExitStatus()>& chosen);

}  // namespace warren::app
