#include "warren/env/clock.hpp"

#include <doctest/doctest.h>

#include <memory>

#include "warren/async/as_result.hpp"
#include "warren/async/task_group.hpp"
#include "warren/sim/loop.hpp"

namespace warren {
namespace {

Task<std::unique_ptr<int>> think(Clock& clock, Duration duration) {
  co_await clock.sleep_for(duration);
  co_return std::make_unique<int>(42);
}

Task<int> fail_after(Clock& clock, Duration duration) {
  co_await clock.sleep_for(duration);
  throw_error(Errc::kReset);
}

Task<int> number() {
  co_return 3;
}

TEST_CASE("with_timeout returns what comes in time: nothing, a value, something that only moves") {
  sim::Loop loop;
  loop.run(with_timeout(loop.clock(), 2s, loop.clock().sleep_for(1s)));
  CHECK(loop.run(with_timeout(loop.clock(), 2s, number())) == 3);
  CHECK(*loop.run(with_timeout(loop.clock(), 2s, think(loop.clock(), 1s))) == 42);
  CHECK(loop.now() == Instant(2s));
  CHECK_FALSE(loop.busy());
}

TEST_CASE("with_timeout throws kTimedOut at its limit") {
  sim::Loop loop;
  CHECK(loop.run(as_result(with_timeout(loop.clock(), 2s, think(loop.clock(), 3s)))).error() ==
        Errc::kTimedOut);
  CHECK(loop.now() == Instant(2s));
  CHECK(loop.run(as_result(with_timeout(loop.clock(), 2s, loop.clock().sleep_for(1h)))).error() ==
        Errc::kTimedOut);
  CHECK(loop.now() == Instant(4s));
  CHECK_FALSE(loop.busy());
}

TEST_CASE("with_timeout passes the task's own error on") {
  sim::Loop loop;
  CHECK(loop.run(as_result(with_timeout(loop.clock(), 2s, fail_after(loop.clock(), 1s)))).error() ==
        Errc::kReset);
  CHECK(loop.now() == Instant(1s));
}

Task<void> note_outcome(Clock& clock, bool& returned, bool& timed_out) {
  const auto outcome = co_await as_result(with_timeout(clock, 2s, clock.sleep_for(1h)));
  returned = true;
  timed_out = !outcome && outcome.error() == Errc::kTimedOut;
}

TEST_CASE("a cancellation from outside is not a timeout") {
  sim::Loop loop;
  TaskGroup group(loop.executor(), "test");
  bool returned = false;
  bool timed_out = false;
  group.spawn(note_outcome(loop.clock(), returned, timed_out));
  loop.advance(1s);
  loop.run(group.close());
  CHECK_FALSE(returned);
  CHECK_FALSE(timed_out);
  CHECK(loop.now() == Instant(1s));
}

Task<void> sleep_often(Clock& clock, int count) {
  for (int i = 0; i < count; ++i) co_await clock.sleep_for(1h);
}

TEST_CASE("virtual sleeps are cheap: 50 tasks sleep 1,000 hours each") {
  sim::Loop loop;
  TaskGroup group(loop.executor(), "test");
  for (int i = 0; i < 50; ++i) group.spawn(sleep_often(loop.clock(), 1000));
  loop.run(group.join(), 2000h);
  CHECK(loop.now() == Instant(1000h));
}

}  // namespace
}  // namespace warren
