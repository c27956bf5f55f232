// The one way to wait for a change of state in the same loop: check the state, and wait while it is not what
// you want.
//
//   while (queue.empty()) co_await changed.wait();
//
// There is one thread, so nothing can change between the check and the wait.
#pragma once

#include <memory>

#include "warren/async/task.hpp"

namespace warren {

class Event {
 public:
  Event();
  ~Event();
  Event(Event&&) noexcept;
  Event& operator=(Event&&) noexcept;

  // Suspends until the next notify_all(). Wake-ups may be spurious: loop over the condition.
  // The Event must outlive the wait. Cancelable.
  Task<void> wait();

  // Like wait(), but never throws: for those who must finish what they began (TaskGroup::close).
  Task<void> wait_uncanceled();

  // Wakes everybody who waits now; later waiters wait for the next call. Nobody resumes before the caller
  // suspends.
  void notify_all();

 private:
  struct Waiters;
  Waiters& waiters(const Executor& executor);

  std::unique_ptr<Waiters> waiters_;
};

}  // namespace warren
