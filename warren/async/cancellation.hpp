// What a coroutine can ask about its own cancellation, and how clean-up that must wait is written.
#pragma once

#include <exception>
#include <optional>
#include <utility>

#include "warren/async/task.hpp"

namespace warren {

// Whether the TaskGroup (or race) that runs this coroutine has asked it to end.
Task<bool> is_canceled();

// Ends the coroutine if it was asked to end.
Task<void> throw_if_canceled();

namespace detail {
// Until switched on again, co_await no longer throws for a cancellation that has been asked for.
Task<void> set_throw_if_canceled(bool on);
}  // namespace detail

// Runs `body`, then `cleanup`, whatever way body ends: with a value, an error or canceled. Cleanup is not
// interrupted by a cancellation that came before. This is `finally` for clean-up that has to await (closing a
// TaskGroup).
template <class T>
Task<T> finally(Task<T> body, Task<void> cleanup);

// --- implementation ---

template <class T>
Task<T> finally(Task<T> body, Task<void> cleanup) {
  std::exception_ptr error;
  if constexpr (std::is_void_v<T>) {
    try {
      co_await std::move(body);
    } catch (...) {
      error = std::current_exception();
    }
    co_await detail::set_throw_if_canceled(false);
    co_await std::move(cleanup);
    co_await detail::set_throw_if_canceled(true);
    if (error) std::rethrow_exception(error);
  } else {
    std::optional<T> value;
    try {
      value.emplace(co_await std::move(body));
    } catch (...) {
      error = std::current_exception();
    }
    co_await detail::set_throw_if_canceled(false);
    co_await std::move(cleanup);
    co_await detail::set_throw_if_canceled(true);
    if (error) std::rethrow_exception(error);
    co_return std::move(*value);
  }
}

}  // namespace warren
