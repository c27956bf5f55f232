// How gRPC's threads ask the node's loop for something: the work runs in the loop, the thread waits for its
// end, and a client that goes away, or a time limit, cancels it.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "warren/async/store_value.hpp"
#include "warren/async/task_group.hpp"
#include "warren/env/real/loop.hpp"

namespace warren::app {

struct CallError {
  std::error_code code;
  std::string message;  // the code's sentence, with its context
};

template <class T = void>
using CallResult = std::expected<T, CallError>;

class LoopCalls {
 public:
  explicit LoopCalls(real::Loop& loop);

  // On any thread but the loop's. `work` is called in the loop, and the task that it returns ends, canceled
  // or not, before this returns; so both may refer to what the caller's frame holds. `abandoned` is asked
  // about twenty times a second. Errors: what the work threw as std::system_error; kTimedOut; kCanceled, when
  // abandoned or when the daemon stops.
  template <class T>
  CallResult<T> run(std::function<Task<T>()> work, Duration limit, const std::function<bool()>& abandoned);

  // In the loop: cancels what runs and waits for it; later calls end with kCanceled at once.
  Task<void> close() { return group_.close(); }

 private:
  struct Call;
  class Done;
  static Task<void> perform(std::shared_ptr<Call> call, Done done);
  CallResult<> run_to_end(std::function<Task<void>()> work, Duration limit,
                          const std::function<bool()>& abandoned);

  real::Loop& loop_;
  TaskGroup group_;
};

// --- implementation ---

template <class T>
CallResult<T> LoopCalls::run(std::function<Task<T>()> work, Duration limit,
                             const std::function<bool()>& abandoned) {
  if constexpr (std::is_void_v<T>) {
    return run_to_end(std::move(work), limit, abandoned);
  } else {
    std::optional<T> value;
    const auto keep = [&] { return store_value(work(), value); };
    CallResult<> ended = run_to_end(keep, limit, abandoned);
    if (!ended) return std::unexpected(std::move(ended.error()));
    return std::move(*value);
  }
}

}  // namespace warren::app
