#include "warren/sim/for_each_failure.hpp"

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <set>

#include "warren/async/cancellation.hpp"
#include "warren/async/event.hpp"
#include "warren/async/task_group.hpp"
#include "warren/sim/pipe.hpp"

namespace warren::sim {
namespace {

Task<void> answer(ByteStream& stream) {
  Bytes buffer(1);
  co_await stream.read_some(buffer);
  co_await stream.write(buffer);
}

Task<void> ask(ByteStream& stream) {
  const Bytes question(1);
  Bytes buffer(1);
  co_await stream.write(question);
  const std::size_t count = co_await stream.read_some(buffer);
  if (count == 0) throw_error(Errc::kEndOfStream);
}

Task<void> converse(Loop& loop, Faults& faults) {
  auto [left, right] = pipe(loop, {.delay = 1ms, .faults = &faults});
  TaskGroup group(loop.executor(), "test");
  group.spawn(answer(*right));
  co_await finally(ask(*left), group.close());
}

TEST_CASE("a conversation fails at each of its operations") {
  CHECK(for_each_failure(converse) == 4);
}

TEST_CASE("the check sees each operation once, with its outcome") {
  std::set<std::uint64_t> seen;
  for_each_failure(converse, [&](std::uint64_t operation, const Result<>& outcome) {
    CHECK(seen.insert(operation).second);
    CHECK(outcome.error() == Errc::kReset);
  });
  CHECK(seen == std::set<std::uint64_t>{1, 2, 3, 4});
}

// Does not notice that the other side is gone.
Task<void> hang(Loop& loop, Faults& faults) {
  auto [left, right] = pipe(loop, {.faults = &faults});
  Event answered;
  const Bytes question(1);
  const auto written = co_await as_result(left->write(question));
  if (!written) co_await answered.wait();
}

TEST_CASE("a scenario that hangs when an operation fails is found") {
  CHECK_THROWS_AS(for_each_failure(hang), Stuck);
}

Task<void> swallow(Loop& loop, Faults& faults) {
  auto [left, right] = pipe(loop, {.faults = &faults});
  const Bytes question(1);
  [[maybe_unused]] const auto ignored = co_await as_result(left->write(question));
}

TEST_CASE("a scenario that swallows its failure is found" * doctest::should_fail()) {
  for_each_failure(swallow);
}

Task<void> linger(std::shared_ptr<Event> event) {
  co_await event->wait();
}

// Starts a task, and forgets it.
Task<void> leak(Loop& loop, Faults& faults) {
  auto [left, right] = pipe(loop, {.faults = &faults});
  boost::asio::co_spawn(loop.executor(), linger(std::make_shared<Event>()), [](std::exception_ptr) {});
  const Bytes question(1);
  co_await left->write(question);
}

TEST_CASE("a scenario that leaves a task behind is found" * doctest::should_fail()) {
  for_each_failure(leak);
}

Task<void> fail_always(Loop&, Faults&) {
  throw_error(Errc::kMalformed);
  co_return;
}

TEST_CASE("a scenario that fails of itself is found" * doctest::should_fail()) {
  for_each_failure(fail_always);
}

}  // namespace
}  // namespace warren::sim
