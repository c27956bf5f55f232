// Where the library's log lines go in this program: standard error, one line each.
#pragma once

#include "warren/base/log.hpp"

namespace warren::app {

void log_to_stderr(log::Level level);

}  // namespace warren::app
