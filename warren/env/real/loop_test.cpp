#include "warren/env/real/loop.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <stdexcept>
#include <thread>

#include "warren/async/as_result.hpp"
#include "warren/async/task_group.hpp"

namespace warren::real {
namespace {

Task<std::unique_ptr<int>> answer() {
  co_return std::make_unique<int>(42);
}

Task<void> fail_with(Errc code) {
  throw_error(code, "in the loop");
  co_return;
}

Task<Duration> sleep_and_measure(Clock& clock, Duration duration) {
  const Instant start = clock.now();
  co_await clock.sleep_for(duration);
  co_return clock.now() - start;
}

TEST_CASE("run returns the task's value, or throws what it threw") {
  Loop loop(1);
  CHECK(*loop.run(answer()) == 42);
  CHECK_THROWS_AS(loop.run(fail_with(Errc::kReset)), std::system_error);
  CHECK(*loop.run(answer()) == 42);  // the loop goes on
}

TEST_CASE("a function posted from another thread runs in the loop") {
  Loop loop(1);
  const auto home = std::this_thread::get_id();
  std::thread::id ran_on;
  std::thread other([&] {
    loop.post([&] {
      ran_on = std::this_thread::get_id();
      loop.stop();
    });
  });
  loop.run_until_stopped();
  other.join();
  CHECK(ran_on == home);
}

Task<void> count_turns(int& turns) {
  ++turns;
  co_return;
}

TEST_CASE("other tasks of the loop run along") {
  Loop loop(1);
  TaskGroup group(loop.env().executor, "test");
  int turns = 0;
  group.spawn(count_turns(turns));
  loop.run(group.join());
  CHECK(turns == 1);
}

TEST_CASE("the clock sleeps as long as asked, goes forward, and can be canceled") {
  Loop loop(1);
  Clock& clock = loop.env().clock;
  CHECK(loop.run(sleep_and_measure(clock, 20ms)) >= 20ms);
  CHECK(loop.run(sleep_and_measure(clock, -1h)) < 1h);
  const auto limited = loop.run(as_result(with_timeout(clock, 1ms, clock.sleep_for(1h))));
  CHECK(limited.error() == Errc::kTimedOut);
  CHECK(clock.wall_now() > WallTime(std::chrono::sys_days(std::chrono::year(2025) / 1 / 1)));
}

TEST_CASE("the generator does not repeat itself") {
  Loop loop(1);
  CHECK(loop.env().random.bytes<16>() != loop.env().random.bytes<16>());
}

TEST_CASE("LoopThread: any thread runs tasks in the one loop, and gets their values and errors") {
  LoopThread loop;
  std::atomic<int> done = 0;
  int turns = 0;  // of the loop's thread alone: a data race would be found by a sanitizer
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 50; ++j) {
        loop.run(count_turns(turns));
        done += *loop.run(answer()) == 42;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(done == 200);
  CHECK(turns == 200);
  CHECK_THROWS_AS(loop.run(fail_with(Errc::kClosed)), std::system_error);
}

TEST_CASE("LoopThread runs posted functions in order before a later task") {
  LoopThread loop;
  std::vector<int> order;
  for (int i = 0; i < 3; ++i) loop.post([&order, i] { order.push_back(i); });
  int turns = 0;
  loop.run(count_turns(turns));
  CHECK(order == std::vector<int>{0, 1, 2});
}

}  // namespace
}  // namespace warren::real
