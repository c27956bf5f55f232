#include "warren/async/task_group.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <vector>

#include "warren/async/cancellation.hpp"
#include "warren/base/error.hpp"
#include "warren/base/log.hpp"
#include "warren/env/clock.hpp"
#include "warren/sim/loop.hpp"

namespace warren {
namespace {

// Counts those who are alive.
struct Alive {
  explicit Alive(int& count) : count(count) { ++count; }
  ~Alive() { --count; }
  int& count;
};

Task<void> sleep(Clock& clock, Duration duration, int& alive) {
  const Alive witness(alive);
  co_await clock.sleep_for(duration);
}

Task<void> note(int& calls) {
  ++calls;
  co_return;
}

TEST_CASE("a task starts at the loop's next turn, and leaves the group when it ends") {
  sim::Loop loop;
  TaskGroup group(loop.executor(), "test");
  int calls = 0;
  group.spawn(note(calls));
  CHECK(calls == 0);
  CHECK(group.size() == 1);
  loop.run(group.join());
  CHECK(calls == 1);
  CHECK(group.size() == 0);
}

TEST_CASE("close cancels and joins 1,000 tasks at once") {
  sim::Loop loop;
  TaskGroup group(loop.executor(), "test");
  int alive = 0;
  for (int i = 0; i < 1000; ++i) group.spawn(sleep(loop.clock(), std::chrono::seconds(1 + i), alive));
  loop.run_until_idle();
  CHECK(alive == 1000);
  loop.run(group.close());
  CHECK(alive == 0);
  CHECK(group.size() == 0);
  CHECK(loop.now() == Instant{});
  CHECK_FALSE(loop.busy());
}

TEST_CASE("close ends tasks that have not started") {
  sim::Loop loop;
  TaskGroup group(loop.executor(), "test");
  int alive = 0;
  group.spawn(sleep(loop.clock(), 1h, alive));
  loop.run(group.close());
  CHECK(group.size() == 0);
  CHECK(loop.now() == Instant{});
}

Task<void> nested_timeouts(Clock& clock, int depth, int& alive) {
  const Alive witness(alive);
  if (depth == 0) {
    co_await clock.sleep_for(1h);
  } else {
    co_await with_timeout(clock, std::chrono::minutes(depth), nested_timeouts(clock, depth - 1, alive));
  }
}

TEST_CASE("close reaches tasks in nested timeouts") {
  sim::Loop loop;
  TaskGroup group(loop.executor(), "test");
  int alive = 0;
  for (int i = 0; i < 10; ++i) group.spawn(nested_timeouts(loop.clock(), 5, alive));
  loop.run_until_idle();
  CHECK(alive == 60);
  loop.run(group.close());
  CHECK(alive == 0);
  CHECK(loop.now() == Instant{});
  CHECK_FALSE(loop.busy());
}

TEST_CASE("nothing starts in a closed group") {
  sim::Loop loop;
  TaskGroup group(loop.executor(), "test");
  loop.run(group.close());
  int calls = 0;
  group.spawn(note(calls));
  CHECK(group.closed());
  loop.run(group.close());
  loop.run_until_idle();
  CHECK(calls == 0);
}

Task<void> fail_with(Clock& clock, Errc code) {
  co_await clock.sleep_for(1ms);
  throw_error(code);
}

Task<void> misbehave(Clock& clock) {
  co_await clock.sleep_for(1ms);
  throw std::logic_error("a bug");
}

TEST_CASE("the end of a conversation concerns nobody else") {
  sim::Loop loop;
  TaskGroup group(loop.executor(), "test");
  int alive = 0;
  group.spawn(fail_with(loop.clock(), Errc::kReset));
  group.spawn(sleep(loop.clock(), 5ms, alive));
  loop.run(group.join());
  CHECK(loop.now() == Instant(5ms));
}

TEST_CASE("a bug leaves the loop as an exception, and the group survives it") {
  sim::Loop loop;
  TaskGroup group(loop.executor(), "test");
  group.spawn(misbehave(loop.clock()));
  CHECK_THROWS_AS(loop.run(group.join()), std::logic_error);
  CHECK(group.size() == 0);
  loop.run(group.close());
}

Task<void> close_both(TaskGroup& first, TaskGroup& second) {
  co_await first.close();
  co_await second.close();
}

Task<void> sleep_then_close(Clock& clock, TaskGroup& first, TaskGroup& second) {
  co_await finally(clock.sleep_for(1h), close_both(first, second));
}

TEST_CASE("a canceled owner still closes all its groups") {
  sim::Loop loop;
  TaskGroup owner(loop.executor(), "owner");
  TaskGroup first(loop.executor(), "first");
  TaskGroup second(loop.executor(), "second");
  int alive = 0;
  first.spawn(sleep(loop.clock(), 1h, alive));
  second.spawn(sleep(loop.clock(), 1h, alive));
  owner.spawn(sleep_then_close(loop.clock(), first, second));
  loop.run_until_idle();
  CHECK(alive == 2);
  loop.run(owner.close());
  CHECK(alive == 0);
  CHECK(first.closed());
  CHECK(second.closed());
}

// Takes its time to end after it was canceled.
Task<void> end_slowly(Clock& clock, int& alive) {
  const Alive witness(alive);
  co_await finally(clock.sleep_for(1h), clock.sleep_for(3s));
}

TEST_CASE("close waits for clean-up, also when the closing task is canceled meanwhile") {
  sim::Loop loop;
  TaskGroup owner(loop.executor(), "owner");
  TaskGroup group(loop.executor(), "test");
  int alive = 0;
  group.spawn(end_slowly(loop.clock(), alive));
  loop.run_until_idle();
  owner.spawn(group.close());
  loop.run_until_idle();
  loop.run(owner.close());
  CHECK(alive == 0);
  CHECK(loop.now() == Instant(3s));
}

Task<void> end_together(Clock& clock, Event& event) {
  co_await with_timeout(clock, 1h, event.wait());
}

TEST_CASE("tasks can be canceled from outside the loop, even if they end of themselves in the same turn") {
  sim::Loop loop;
  TaskGroup group(loop.executor(), "test");
  Event event;
  for (int i = 0; i < 3; ++i) group.spawn(end_together(loop.clock(), event));
  loop.run_until_idle();
  event.notify_all();
  group.cancel();
  loop.run(group.join());
  group.cancel();
  loop.run_until_idle();
  CHECK(loop.now() == Instant{});
}

TEST_CASE("a cancel that comes after the group is no harm") {
  sim::Loop loop;
  TaskGroup(loop.executor(), "test").cancel();
  loop.run_until_idle();
  CHECK_FALSE(loop.busy());
}

Task<void> spawn_more(TaskGroup& group, int generations, int& calls) {
  ++calls;
  if (generations > 0) group.spawn(spawn_more(group, generations - 1, calls));
  co_return;
}

TEST_CASE("join waits for tasks that tasks have started") {
  sim::Loop loop;
  TaskGroup group(loop.executor(), "test");
  int calls = 0;
  group.spawn(spawn_more(group, 9, calls));
  loop.run(group.join());
  CHECK(calls == 10);
}

}  // namespace
}  // namespace warren
