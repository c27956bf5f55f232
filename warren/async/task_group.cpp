#include "warren/async/task_group.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <system_error>

#include "warren/base/assert.hpp"
#include "warren/base/log.hpp"

namespace warren {

namespace asio = boost::asio;

struct TaskGroup::Child {
  asio::cancellation_signal signal;
};

namespace {

// co_spawn would run the task up to its first suspension right inside spawn(), under the feet of a caller
// that is in the middle of changing what the task looks at.
Task<void> at_next_turn(Task<void> task) {
  co_await asio::post(asio::use_awaitable);
  co_await std::move(task);
}

}  // namespace

TaskGroup::TaskGroup(Executor executor, std::string name)
    : executor_(std::move(executor)), name_(std::move(name)), children_(std::make_shared<Children>()) {}

TaskGroup::~TaskGroup() {
  WARREN_ASSERT(children_->empty());
}

void TaskGroup::spawn(Task<void> task) {
  if (closed_) return;
  const auto child = children_->insert(children_->end(), std::make_unique<Child>());
  asio::co_spawn(
      executor_, at_next_turn(std::move(task)),
      asio::bind_cancellation_slot((*child)->signal.slot(),
                                   [this, child](std::exception_ptr error) { finished(child, error); }));
}

void TaskGroup::finished(Children::iterator child, std::exception_ptr error) {
  children_->erase(child);
  ended_.notify_all();
  if (!error) return;
  try {
    std::rethrow_exception(error);
  } catch (const std::system_error& over) {
    if (log::enabled(log::Level::kDebug)) log::debug(name_, std::string("task ended: ") + over.what());
  } catch (const boost::system::system_error& over) {
    if (over.code() != asio::error::operation_aborted) throw;
  }
}

// In the loop: from outside, Asio would put off parts of it to a time when the task may have ended
// (co_spawn.hpp, co_spawn_cancellation_handler keeps a bare pointer).
void TaskGroup::cancel() {
  asio::dispatch(executor_, [group = std::weak_ptr(children_)] {
    const auto children = group.lock();
    if (!children) return;
    for (const auto& child : *children) child->signal.emit(asio::cancellation_type::terminal);
  });
}

Task<void> TaskGroup::close() {
  closed_ = true;
  cancel();
  const bool throws = co_await asio::this_coro::throw_if_cancelled();
  co_await asio::this_coro::throw_if_cancelled(false);
  while (!children_->empty()) co_await ended_.wait_uncanceled();
  co_await asio::this_coro::throw_if_cancelled(throws);
}

Task<void> TaskGroup::join() {
  while (!children_->empty()) co_await ended_.wait();
}

}  // namespace warren
