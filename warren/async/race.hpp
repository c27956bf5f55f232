// Two tasks, and the first one to end decides. The building block of with_timeout (env/clock.hpp).
// Asio's `a || b` waits for the first *success* and is banned (STYLE.md).
#pragma once

#include "warren/async/task.hpp"

namespace warren {

enum class Winner { kFirst, kSecond };

// Runs both; when one ends, cancels the other and waits until it has ended too. Tells which one ended with
// success; when both did, the first. Throws what the winner threw; a cancellation from outside passes
// through.
Task<Winner> race(Task<void> first, Task<void> second);

}  // namespace warren
