// Runs a shell command as a function of bytes, for `warren serve --exec`.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "warren/base/bytes.hpp"

namespace warren::app {

struct ShellCommand {
  std::string command;                   // for /bin/sh -c
  std::vector<std::string> environment;  // NAME=value, added to our own
  std::chrono::milliseconds time_limit;
  std::size_t output_max;
};

struct ShellOutcome {
  std::string output;   // what it wrote to standard output
  std::string failure;  // empty when it ended with status 0 within the limits
};

// Writes `input` to its standard input while reading its standard output; standard error is ours. At a limit,
// or when `stop` becomes readable, it is killed with all the processes that it started in its process group,
// as are those that it leaves behind. From any thread; SIGPIPE must be ignored.
ShellOutcome run_shell(const ShellCommand& command, std::string_view input, int stop);

}  // namespace warren::app
