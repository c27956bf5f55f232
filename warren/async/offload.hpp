// Work that would hold up the loop (signatures, hashes of files, SQLite) runs elsewhere and comes back.
// env/real has a bounded pool of threads; simulations run the work inline, so that they stay deterministic.
#pragma once

#include <exception>
#include <functional>
#include <optional>
#include <utility>

#include "warren/async/task.hpp"

namespace warren {

class Offload {
 public:
  virtual ~Offload() = default;

  // Runs `work` and returns its value to the caller's loop; what it throws is thrown here. `work` owns, or
  // outlives the call with, all it touches, and touches nothing of the loop. A cancellation waits until the
  // work is done.
  template <class Work>
  Task<std::invoke_result_t<Work>> run(Work work);

 protected:
  // Runs `work`, which never throws, once, and resumes the caller in its own loop.
  virtual Task<void> execute(std::function<void()> work) = 0;
};

// Runs the work at once, in the loop.
class InlineOffload final : public Offload {
 protected:
  Task<void> execute(std::function<void()> work) override {
    work();
    co_return;
  }
};

// --- implementation ---

template <class Work>
Task<std::invoke_result_t<Work>> Offload::run(Work work) {
  using T = std::invoke_result_t<Work>;
  std::exception_ptr error;
  std::optional<std::conditional_t<std::is_void_v<T>, bool, T>> value;
  std::function<void()> job = [&work, &error, &value] {
    try {
      if constexpr (std::is_void_v<T>) {
        work();
        value.emplace(true);
      } else {
        value.emplace(work());
      }
    } catch (...) {
      error = std::current_exception();
    }
  };
  co_await execute(std::move(job));
  if (error) std::rethrow_exception(error);
  if constexpr (!std::is_void_v<T>) co_return std::move(*value);
}

}  // namespace warren
