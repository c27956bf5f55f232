// The kernel's side of the seam: a loop on the calling thread with the real clock, network, generator and a
// pool of workers.
#pragma once

#include <functional>
#include <future>
#include <memory>

#include "warren/async/store_value.hpp"
#include "warren/env/env.hpp"

namespace warren::real {

class Loop {
 public:
  // `workers`: threads of the offload pool.
  explicit Loop(std::size_t workers = 2);
  // The pool is joined; tasks still pending are an error of the owner.
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  Env& env();

  // Runs `task` to its end on the calling thread, together with whatever else runs in the loop, and returns
  // its value or throws what it threw. Not from within the loop.
  template <class T>
  T run(Task<T> task);

  // From any thread: `function` runs in the loop.
  void post(std::function<void()> function);

  // Runs the loop until stop(); for a thread of its own (LoopThread).
  void run_until_stopped();
  // From any thread.
  void stop();

 private:
  void run_to_end(Task<void> task);

  struct State;
  std::unique_ptr<State> state_;
};

// A loop on a thread of its own, for programs that are not built around one.
class LoopThread {
 public:
  LoopThread();
  // Stops the loop and joins the thread. Owners of tasks have closed before.
  ~LoopThread();

  Env& env();

  // From any other thread: runs `task` in the loop and waits for its value; throws what it threw.
  template <class T>
  T run(Task<T> task);

  void post(std::function<void()> function);

 private:
  // Starts the task in the loop; `done` is called there when it ended.
  void start(Task<void> task, std::function<void(std::exception_ptr)> done);

  struct State;
  std::unique_ptr<State> state_;
};

// --- implementation ---

template <class T>
T Loop::run(Task<T> task) {
  if constexpr (std::is_void_v<T>) {
    run_to_end(std::move(task));
  } else {
    std::optional<T> value;
    run_to_end(store_value(std::move(task), value));
    return std::move(*value);
  }
}

template <class T>
T LoopThread::run(Task<T> task) {
  // Shared, because the one who waits may be gone before set_value() has returned.
  const auto ended = std::make_shared<std::promise<void>>();
  std::future<void> end = ended->get_future();
  const auto done = [ended](std::exception_ptr error) {
    if (error) {
      ended->set_exception(error);
    } else {
      ended->set_value();
    }
  };
  if constexpr (std::is_void_v<T>) {
    start(std::move(task), done);
    end.get();
  } else {
    std::optional<T> value;
    start(store_value(std::move(task), value), done);
    end.get();
    return std::move(*value);
  }
}

}  // namespace warren::real
