#include "warren/async/event.hpp"

#include <doctest/doctest.h>

#include "warren/async/task_group.hpp"
#include "warren/sim/loop.hpp"

namespace warren {
namespace {

Task<void> wait(Event& event, int& woken) {
  co_await event.wait();
  ++woken;
}

Task<void> notify_and_close(Event& event, TaskGroup& group) {
  event.notify_all();
  co_await group.close();
}

struct EventTest {
  sim::Loop loop;
  Event event;
  TaskGroup group{loop.executor(), "test"};
  int woken = 0;
};

TEST_CASE_FIXTURE(EventTest, "notify_all wakes all who wait, and nobody who comes later") {
  event.notify_all();
  for (int i = 0; i < 3; ++i) group.spawn(wait(event, woken));
  loop.run_until_idle();
  CHECK(woken == 0);
  event.notify_all();
  CHECK(woken == 0);  // not before the caller suspends
  group.spawn(wait(event, woken));
  loop.run_until_idle();
  CHECK(woken == 3);
  event.notify_all();
  loop.run(group.join());
  CHECK(woken == 4);
}

TEST_CASE_FIXTURE(EventTest, "a canceled wait ends without its waiter going on") {
  group.spawn(wait(event, woken));
  loop.run_until_idle();
  loop.run(group.close());
  CHECK(woken == 0);
  CHECK_FALSE(loop.busy());
}

TEST_CASE_FIXTURE(EventTest, "notified and canceled at once, the wait is canceled") {
  group.spawn(wait(event, woken));
  loop.run_until_idle();
  loop.run(notify_and_close(event, group));
  CHECK(woken == 0);
}

}  // namespace
}  // namespace warren
