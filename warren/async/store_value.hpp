// From a task with a value to a task without one: for those who run tasks of any type through one that is
// compiled once.
#pragma once

#include <optional>
#include <utility>

#include "warren/async/task.hpp"

namespace warren {

// Runs `task` and puts its value into `value`, which outlives the run.
template <class T>
Task<void> store_value(Task<T> task, std::optional<T>& value) {
  value.emplace(co_await std::move(task));
}

}  // namespace warren
