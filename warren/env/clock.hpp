// Time, as a seam: the real clock, or a simulation's virtual one.
#pragma once

#include <optional>
#include <utility>

#include "warren/async/race.hpp"
#include "warren/async/store_value.hpp"
#include "warren/async/task.hpp"
#include "warren/base/error.hpp"
#include "warren/base/time.hpp"

namespace warren {

class Clock {
 public:
  virtual ~Clock() = default;

  virtual Instant now() const = 0;
  virtual WallTime wall_now() const = 0;

  // Suspends until then; an instant in the past suspends for one turn of the loop. Cancelable.
  virtual Task<void> sleep_until(Instant instant) = 0;

  Task<void> sleep_for(Duration duration) { return sleep_until(now() + duration); }
};

// Runs `task` for at most `limit`, then cancels it, waits for its end and throws kTimedOut.
template <class T>
Task<T> with_timeout(Clock& clock, Duration limit, Task<T> task);

// --- implementation ---

template <class T>
Task<T> with_timeout(Clock& clock, Duration limit, Task<T> task) {
  if constexpr (std::is_void_v<T>) {
    const Winner winner = co_await race(std::move(task), clock.sleep_for(limit));
    if (winner == Winner::kSecond) throw_error(Errc::kTimedOut);
  } else {
    std::optional<T> value;
    const Winner winner = co_await race(store_value(std::move(task), value), clock.sleep_for(limit));
    if (winner == Winner::kSecond) throw_error(Errc::kTimedOut);
    co_return std::move(*value);
  }
}

}  // namespace warren
