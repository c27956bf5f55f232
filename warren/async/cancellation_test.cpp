#include "warren/async/cancellation.hpp"

#include <doctest/doctest.h>

#include <memory>

#include "warren/async/as_result.hpp"
#include "warren/async/task_group.hpp"
#include "warren/sim/loop.hpp"

namespace warren {
namespace {

Task<std::unique_ptr<int>> boxed_five() {
  co_return std::make_unique<int>(5);
}

Task<void> fail_after(Clock& clock, Duration duration, Errc code) {
  co_await clock.sleep_for(duration);
  throw_error(code);
}

struct Notes {
  bool cleaned = false;
  bool was_canceled = false;
  bool went_on = false;
};

// Clean-up that suspends twice.
Task<void> clean(Clock& clock, Notes& notes) {
  notes.was_canceled = co_await is_canceled();
  co_await clock.sleep_for(1s);
  co_await clock.sleep_for(1s);
  notes.cleaned = true;
}

Task<void> sleep_and_clean(Clock& clock, Notes& notes) {
  co_await finally(clock.sleep_for(1h), clean(clock, notes));
  notes.went_on = true;
}

// Ends well, although it was canceled: only then does the caller learn of it.
Task<void> clean_and_sleep(Clock& clock, Notes& notes) {
  co_await finally(clock.sleep_for(1s), clean(clock, notes));
  co_await clock.sleep_for(1h);
  notes.went_on = true;
}

struct CancellationTest {
  sim::Loop loop;
  Clock& clock = loop.clock();
  TaskGroup group{loop.executor(), "test"};
  Notes notes;
};

TEST_CASE_FIXTURE(CancellationTest, "finally cleans up after a value, and returns it") {
  CHECK(*loop.run(finally(boxed_five(), clean(clock, notes))) == 5);
  CHECK(notes.cleaned);
  CHECK_FALSE(notes.was_canceled);
}

TEST_CASE_FIXTURE(CancellationTest, "finally cleans up after an error, and throws it") {
  const auto outcome = loop.run(as_result(finally(fail_after(clock, 1s, Errc::kReset), clean(clock, notes))));
  CHECK(outcome.error() == Errc::kReset);
  CHECK(notes.cleaned);
}

TEST_CASE_FIXTURE(CancellationTest, "an error of the clean-up is thrown, unless there was one before") {
  auto cleanup = fail_after(clock, 1s, Errc::kIo);
  CHECK(loop.run(as_result(finally(clock.sleep_for(1s), std::move(cleanup)))).error() == Errc::kIo);
  cleanup = fail_after(clock, 1s, Errc::kIo);
  auto body = fail_after(clock, 1s, Errc::kReset);
  CHECK(loop.run(as_result(finally(std::move(body), std::move(cleanup)))).error() == Errc::kReset);
}

TEST_CASE_FIXTURE(CancellationTest,
                  "finally cleans up after a cancellation, uninterrupted, and passes it on") {
  group.spawn(sleep_and_clean(clock, notes));
  loop.run_until_idle();
  loop.run(group.close());
  CHECK(notes.was_canceled);
  CHECK(notes.cleaned);
  CHECK_FALSE(notes.went_on);
  CHECK(loop.now() == Instant(2s));
}

TEST_CASE_FIXTURE(CancellationTest, "a cancellation during the clean-up comes into force after it") {
  group.spawn(clean_and_sleep(clock, notes));
  loop.advance(1500ms);
  loop.run(group.close());
  CHECK(notes.cleaned);
  CHECK_FALSE(notes.went_on);
  CHECK(loop.now() <= Instant(3s));
}

Task<void> work_on(Clock& clock, int& steps) {
  for (;;) {
    co_await throw_if_canceled();
    ++steps;
    co_await clock.sleep_for(1s);
  }
}

TEST_CASE_FIXTURE(CancellationTest, "throw_if_canceled ends a canceled coroutine only") {
  int steps = 0;
  group.spawn(work_on(clock, steps));
  loop.advance(2500ms);
  loop.run(group.close());
  CHECK(steps == 3);
}

}  // namespace
}  // namespace warren
