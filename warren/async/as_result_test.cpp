#include "warren/async/as_result.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>

#include "warren/async/task_group.hpp"
#include "warren/sim/loop.hpp"

namespace warren {
namespace {

Task<int> value() {
  co_return 5;
}
Task<std::unique_ptr<int>> owned() {
  co_return std::make_unique<int>(6);
}
Task<void> nothing() {
  co_return;
}
Task<int> reset() {
  throw_error(Errc::kReset);
  co_return 0;
}
Task<void> mistake() {
  throw std::logic_error("a bug");
  co_return;
}
Task<void> sleep_as_result(Clock& clock, bool& returned) {
  [[maybe_unused]] const auto result = co_await as_result(clock.sleep_for(1h));
  returned = true;
}

TEST_CASE("values and errors become a Result") {
  sim::Loop loop;
  CHECK(loop.run(as_result(value())) == 5);
  CHECK(**loop.run(as_result(owned())) == 6);
  CHECK(loop.run(as_result(nothing())).has_value());
  CHECK(loop.run(as_result(reset())).error() == Errc::kReset);
}

TEST_CASE("bugs and cancellation pass through") {
  sim::Loop loop;
  CHECK_THROWS_AS(loop.run(as_result(mistake())), std::logic_error);
  TaskGroup group(loop.executor(), "test");
  bool returned = false;
  group.spawn(sleep_as_result(loop.clock(), returned));
  loop.run_until_idle();
  loop.run(group.close());
  CHECK_FALSE(returned);
}

}  // namespace
}  // namespace warren
