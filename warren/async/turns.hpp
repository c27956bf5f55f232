// Stepping back in the loop.
#pragma once

#include "warren/async/task.hpp"

namespace warren {

// Lets whatever is ready to run go first, so many times over. No time passes. Cancelable.
Task<void> let_others_run(int turns);

}  // namespace warren
