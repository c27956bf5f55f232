// Structured concurrency: every task that is not awaited belongs to a group, and every group to an owner that
// closes it.
#pragma once

#include <list>
#include <memory>
#include <string>

#include "warren/async/event.hpp"
#include "warren/async/task.hpp"

namespace warren {

class TaskGroup {
 public:
  // `name` says in the log whose tasks they were.
  TaskGroup(Executor executor, std::string name);
  // Asserts that the group is empty: a pending coroutine can't be destroyed in place, so owners close()
  // first.
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  // Starts the task at the loop's next turn. A std::system_error that ends it is logged and forgotten (the
  // conversation is over), a cancellation is silent, anything else leaves the loop as an exception. After
  // close() began, the task is dropped without having run.
  void spawn(Task<void> task);

  // Cancels every task and waits until all have ended. Idempotent; not cancelable once it has begun, but as
  // any co_await it does not begin in a coroutine that is canceled already, outside finally(). Never call it
  // from one of the group's own tasks: it would wait for itself.
  Task<void> close();

  // Waits until no task is left, without canceling any.
  Task<void> join();

  // Asks all tasks to end, without waiting. From outside the loop, it does so at the loop's next turn.
  void cancel();

  std::size_t size() const { return children_->size(); }
  bool closed() const { return closed_; }

 private:
  struct Child;
  using Children = std::list<std::unique_ptr<Child>>;
  void finished(Children::iterator child, std::exception_ptr error);

  Executor executor_;
  std::string name_;
  std::shared_ptr<Children> children_;  // shared with a cancel() that is on its way only
  Event ended_;
  bool closed_ = false;
};

}  // namespace warren
