// The event loop of tests and simulations: a plain Asio loop whose clock is virtual. While something is ready
// it runs; when all is idle, time jumps to the next sleeper. An hour of protocol time takes milliseconds, and
// the same program always takes the same steps.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

#include "warren/async/task.hpp"
#include "warren/base/time.hpp"
#include "warren/env/clock.hpp"

namespace warren::sim {

// Thrown by Loop::run when the task can never end, or did not within the virtual time limit. It is a finding
// about the program under test, so it is no std::system_error that business logic could take for the end of a
// conversation.
class Stuck : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

// Declare it before everything that lives on it.
class Loop {
 public:
  Loop();
  // Pending coroutines are destroyed where they are suspended.
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  Executor executor() const;

  // now() starts at Instant{}, wall_now() at 2026-01-01T00:00:00Z. Lives as long as the loop.
  Clock& clock();
  Instant now() const;

  // Runs until the task has ended; other tasks of the loop run along. Returns or throws what the task did.
  // Throws Stuck, after having canceled the task, when nothing can happen any more (a deadlock) or `limit` of
  // virtual time has passed. Not to be called from a task.
  template <class T>
  T run(Task<T> task, Duration limit = std::chrono::hours(1));

  // Runs what is ready, and what is due at this very instant; time does not move.
  void run_until_idle();

  // Lets this much time pass, and runs what is due meanwhile, in order.
  void advance(Duration duration);

  // Whether, after all that is ready has run, a task is still suspended: after the end of a scenario, a leak.
  bool busy();

  // Calls `action` in the loop at that instant (if it is past: when the loop is idle). Equal instants keep
  // the order in which they were asked for. For links and the like; tasks sleep on clock().
  struct Ticket {
    Instant at;
    std::uint64_t number = 0;
    auto operator<=>(const Ticket&) const = default;
  };
  Ticket at(Instant instant, std::function<void()> action);
  void cancel(const Ticket& ticket);  // no effect if it was called already

 private:
  struct State;
  template <class T>
  static Task<void> keep(Task<T> task, std::shared_ptr<std::optional<T>> value);
  void run_to_end(Task<void> task, Duration limit);
  void poll();
  bool next(Instant until);

  std::unique_ptr<State> state_;
};

// --- implementation ---

template <class T>
Task<void> Loop::keep(Task<T> task, std::shared_ptr<std::optional<T>> value) {
  value->emplace(co_await std::move(task));
}

template <class T>
T Loop::run(Task<T> task, Duration limit) {
  if constexpr (std::is_void_v<T>) {
    run_to_end(std::move(task), limit);
  } else {
    const auto value = std::make_shared<std::optional<T>>();
    run_to_end(keep(std::move(task), value), limit);
    return std::move(**value);
  }
}

}  // namespace warren::sim
