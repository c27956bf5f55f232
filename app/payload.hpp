// What `send`, `request` and `serve` are given: bytes, written on the command line, in a file or on standard
// input, and names of services.
#pragma once

#include <string>

#include "app/commands/commands.hpp"

namespace warren::app {

// 16 MiB at most. Throws Failure.
std::string read_payload(const PayloadOptions& options);

// Throws Failure (usage) when nothing can be served under this name.
void require_service_name(const std::string& name);

}  // namespace warren::app
