#include "warren/sim/for_each_failure.hpp"

#include <doctest/doctest.h>

#include <set>

#include "warren/async/cancellation.hpp"
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

}  // namespace
}  // namespace warren::sim
