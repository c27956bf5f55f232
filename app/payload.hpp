// The bytes that a command sends: written on the command line, in a file, or on standard input.
#pragma once

#include <string>

#include "app/commands/commands.hpp"

namespace warren::app {

// 16 MiB at most. Throws Failure.
std::string read_payload(const PayloadOptions& options);

}  // namespace warren::app
