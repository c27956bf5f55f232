// The bridge from conversations to values: runs a task, and turns the std::system_error that ended it into a
// value. Cancellation is of another type (boost::system::system_error) and passes through untouched.
#pragma once

#include "warren/async/task.hpp"
#include "warren/base/error.hpp"

namespace warren {

template <class T>
Task<Result<T>> as_result(Task<T> task) {
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(task);
      co_return Result<>{};
    } else {
      co_return Result<T>(co_await std::move(task));
    }
  } catch (const std::system_error& error) {
    co_return fail(error.code());
  }
}

// The same for who has to tell others why: the error with its what().
template <class T>
Task<std::expected<T, std::system_error>> as_outcome(Task<T> task) {
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(task);
      co_return std::expected<void, std::system_error>{};
    } else {
      co_return std::expected<T, std::system_error>(co_await std::move(task));
    }
  } catch (const std::system_error& error) {
    co_return std::unexpected(error);
  }
}

}  // namespace warren
