// What the commands about reachability are given, and what runs them, as commands.hpp says. Their command
// line is app/reachability_commands.cpp.
#pragma once

#include "app/commands/commands.hpp"

namespace warren::app {

struct NetcheckOptions : CommonOptions {
  bool afresh = false;  // ask the STUN servers again
};

ExitStatus run_addrs(const CommonOptions& options);
ExitStatus run_netcheck(const NetcheckOptions& options);
ExitStatus run_relays(const CommonOptions& options);

}  // namespace warren::app
