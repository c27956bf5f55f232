#include "warren/async/race.hpp"

#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/async/cancellation.hpp"
#include "warren/async/task_group.hpp"
#include "warren/sim/loop.hpp"

namespace warren {
namespace {

struct Runner {
  int ended = 0;    // by itself
  int unwound = 0;  // in any way
};

struct Unwinding {
  explicit Unwinding(Runner& runner) : runner(runner) {}
  ~Unwinding() { ++runner.unwound; }
  Runner& runner;
};

Task<void> run(Clock& clock, Duration duration, Runner& runner) {
  const Unwinding unwinding(runner);
  co_await clock.sleep_for(duration);
  ++runner.ended;
}

Task<void> run_and_fail(Clock& clock, Duration duration, Errc code) {
  co_await clock.sleep_for(duration);
  throw_error(code);
}

Task<void> at_once() {
  co_return;
}

Task<void> end_slowly(Clock& clock, Runner& runner) {
  const Unwinding unwinding(runner);
  co_await finally(clock.sleep_for(1h), clock.sleep_for(2s));
}

struct RaceTest {
  sim::Loop loop;
  Clock& clock = loop.clock();
  Runner first;
  Runner second;
};

TEST_CASE_FIXTURE(RaceTest, "the faster one wins, the other is canceled and joined") {
  SUBCASE("first") {
    CHECK(loop.run(race(run(clock, 1s, first), run(clock, 2s, second))) == Winner::kFirst);
    CHECK(first.ended == 1);
    CHECK(second.ended == 0);
  }
  SUBCASE("second") {
    CHECK(loop.run(race(run(clock, 2s, first), run(clock, 1s, second))) == Winner::kSecond);
    CHECK(first.ended == 0);
    CHECK(second.ended == 1);
  }
  CHECK(first.unwound == 1);
  CHECK(second.unwound == 1);
  CHECK(loop.now() == Instant(1s));
  CHECK_FALSE(loop.busy());
}

TEST_CASE_FIXTURE(RaceTest, "it waits for the loser's clean-up") {
  CHECK(loop.run(race(at_once(), end_slowly(clock, second))) == Winner::kFirst);
  CHECK(second.unwound == 1);
  CHECK_FALSE(loop.busy());
  CHECK(loop.run(race(end_slowly(clock, first), run(clock, 1s, second))) == Winner::kSecond);
  CHECK(first.unwound == 1);
}

TEST_CASE_FIXTURE(RaceTest, "when both end with success, the first has won") {
  CHECK(loop.run(race(at_once(), at_once())) == Winner::kFirst);
  CHECK(loop.run(race(run(clock, 1s, first), run(clock, 1s, second))) == Winner::kFirst);
}

TEST_CASE_FIXTURE(RaceTest, "an error that comes first is thrown") {
  CHECK(loop.run(as_result(race(run_and_fail(clock, 1s, Errc::kReset), run(clock, 2s, second)))).error() ==
        Errc::kReset);
  CHECK(loop.run(as_result(race(run(clock, 2s, first), run_and_fail(clock, 1s, Errc::kIo)))).error() ==
        Errc::kIo);
  CHECK(first.unwound == 1);
  CHECK(second.unwound == 1);
  CHECK(loop.now() == Instant(2s));
}

TEST_CASE_FIXTURE(RaceTest, "an error that comes after the other's success is not") {
  CHECK(loop.run(race(run(clock, 1s, first), run_and_fail(clock, 2s, Errc::kReset))) == Winner::kFirst);
}

Task<void> race_and_note(Task<void> first, Task<void> second, bool& decided, bool& failed) {
  const auto result = co_await as_result(race(std::move(first), std::move(second)));
  decided = result.has_value();
  failed = !result.has_value();
}

TEST_CASE_FIXTURE(RaceTest, "a cancellation from outside passes through to both, and out again") {
  TaskGroup group(loop.executor(), "test");
  bool decided = false;
  bool failed = false;
  group.spawn(race_and_note(run(clock, 1s, first), run(clock, 2s, second), decided, failed));
  loop.run_until_idle();
  loop.run(group.close());
  CHECK(first.unwound == 1);
  CHECK(second.unwound == 1);
  CHECK_FALSE(decided);
  CHECK_FALSE(failed);  // as_result has not seen it: it is no error
  CHECK(loop.now() == Instant{});
  CHECK_FALSE(loop.busy());
}

}  // namespace
}  // namespace warren
