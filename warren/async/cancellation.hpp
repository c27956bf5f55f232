// What a coroutine can ask about its own cancellation, and how clean-up that must wait is written.
#pragma once

#include <boost/asio/this_coro.hpp>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "warren/async/task.hpp"

namespace warren {

// Whether the TaskGroup (or race) that runs this coroutine has asked it to end. Of use in clean-up only:
// elsewhere this very co_await would throw.
Task<bool> is_canceled();

// Ends the coroutine if it was asked to end.
Task<void> throw_if_canceled();

// Runs `body`, then `cleanup`, whatever way body ends: with a value, an error or canceled; body's error is
// thrown rather than cleanup's. This is `finally` for clean-up that has to await (closing a TaskGroup). In
// cleanup co_await does not throw for a cancellation; one that arrives meanwhile can still interrupt what it
// waits for, except TaskGroup::close.
//
// A coroutine that is canceled already gets no further than the co_await of finally, and neither body nor
// cleanup run: what cleanup is to end must be started by body.
template <class T>
Task<T> finally(Task<T> body, Task<void> cleanup);

// --- implementation ---

namespace detail {

// Awaits the task and says what it threw.
Task<std::exception_ptr> error_of(Task<void> task);

}  // namespace detail

// throw_if_cancelled is awaited right here, and not in a function, because only awaiting Asio's own object
// never throws.
template <class T>
Task<T> finally(Task<T> body, Task<void> cleanup) {
  std::optional<std::conditional_t<std::is_void_v<T>, bool, T>> value;
  std::exception_ptr error;
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(body);
    } else {
      value.emplace(co_await std::move(body));
    }
  } catch (...) {
    error = std::current_exception();
  }
  const bool throws = co_await boost::asio::this_coro::throw_if_cancelled();
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  const std::exception_ptr cleanup_error = co_await detail::error_of(std::move(cleanup));
  co_await boost::asio::this_coro::throw_if_cancelled(throws);
  if (error) std::rethrow_exception(error);
  if (cleanup_error) std::rethrow_exception(cleanup_error);
  if constexpr (!std::is_void_v<T>) co_return std::move(*value);
}

}  // namespace warren
