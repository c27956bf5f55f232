// What is carried between two streams, how their ends are passed on, and where a circuit stops.
#include "warren/protocols/relay/splice.hpp"

#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/async/cancellation.hpp"
#include "warren/async/task_group.hpp"
#include "warren/core/stream.hpp"
#include "warren/sim/for_each_failure.hpp"
#include "warren/sim/pipe.hpp"

using namespace warren;
using namespace warren::relay;

namespace {

Bytes numbers(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 31 + i / 256);
  return bytes;
}

Task<void> send(ByteStream& stream, Bytes bytes, bool then_end) {
  co_await stream.write(bytes);
  if (then_end) co_await stream.close_write();
}

Task<void> send_pieces(ByteStream& stream, Bytes bytes, std::size_t piece) {
  for (BytesView rest = bytes; !rest.empty(); rest = rest.subspan(std::min(piece, rest.size()))) {
    co_await stream.write(rest.first(std::min(piece, rest.size())));
  }
  co_await stream.close_write();
}

// What came before the end, and what it ended with.
Task<void> collect(ByteStream& stream, Bytes* got, std::error_code* end) {
  Bytes buffer(5000);
  while (true) {
    const auto size = co_await as_result(stream.read_some(buffer));
    if (!size) *end = size.error();
    if (!size || *size == 0) co_return;
    append(*got, BytesView(buffer).first(*size));
  }
}

Task<void> keep_outcome(Splice& splice, std::optional<Result<>>* outcome) {
  *outcome = co_await as_result(splice.run());
}

// alice - relay - bob
struct Circuit {
  explicit Circuit(std::uint64_t bytes_max = 0, sim::PipeOptions options = {.delay = 1ms})
      : left(sim::pipe(loop, options)),
        right(sim::pipe(loop, options)),
        splice(*left.second, *right.first, bytes_max, buffers, carried),
        tasks(loop.executor(), "test") {
    tasks.spawn(keep_outcome(splice, &outcome));
    tasks.spawn(collect(alice(), &at_alice, &alice_end));
    tasks.spawn(collect(bob(), &at_bob, &bob_end));
  }
  ~Circuit() { loop.run(tasks.close()); }
  ByteStream& alice() { return *left.first; }
  ByteStream& bob() { return *right.second; }

  sim::Loop loop;
  sim::StreamPair left, right;
  SpliceBuffers buffers;
  std::uint64_t carried = 0;
  Splice splice;
  std::optional<Result<>> outcome;
  Bytes at_alice, at_bob;
  std::error_code alice_end, bob_end;
  TaskGroup tasks;
};

Task<void> carry_both_ways(sim::Loop& loop, sim::Faults& faults) {
  auto left = sim::pipe(loop, {.faults = &faults});
  auto right = sim::pipe(loop, {.faults = &faults});
  SpliceBuffers buffers;
  std::uint64_t carried = 0;
  Splice splice(*left.second, *right.first, 0, buffers, carried);
  TaskGroup group(loop.executor(), "test");
  Bytes at_left, at_right;
  std::error_code left_end, right_end;
  group.spawn(send_pieces(*left.first, numbers(20'000), 4000));
  group.spawn(send_pieces(*right.second, numbers(300), 100));
  group.spawn(collect(*left.first, &at_left, &left_end));
  group.spawn(collect(*right.second, &at_right, &right_end));
  const auto outcome = co_await as_result(splice.run());
  if (!outcome) {
    // As the service does.
    left.second->reset();
    right.first->reset();
  }
  co_await group.join();
  CHECK(buffers.lent() == 0);
  value_or_throw(outcome);
  if (left_end) throw_error(left_end);
  if (right_end) throw_error(right_end);
  if (at_right != numbers(20'000) || at_left != numbers(300)) throw_error(Errc::kTruncated);
}

}  // namespace

TEST_CASE("bytes arrive as they were sent, both ways, and so do the ends") {
  for (const std::size_t size : {1UL, 2048UL, 2049UL, 10'000UL, 3'000'000UL}) {
    INFO(size);
    Circuit circuit;
    circuit.tasks.spawn(send(circuit.alice(), numbers(size), true));
    circuit.loop.advance(5s);
    CHECK(circuit.at_bob == numbers(size));
    CHECK(!circuit.bob_end);
    CHECK(!circuit.outcome);  // one half is open
    circuit.tasks.spawn(send(circuit.bob(), numbers(size / 2), true));
    circuit.loop.advance(5s);
    CHECK(circuit.at_alice == numbers(size / 2));
    CHECK(!circuit.alice_end);
    REQUIRE(circuit.outcome);
    CHECK(circuit.outcome->has_value());
    CHECK(circuit.carried == size + size / 2);
  }
}

TEST_CASE("a circuit carries exactly its limit each way") {
  Circuit circuit(100'000);
  circuit.tasks.spawn(send(circuit.alice(), numbers(100'000), false));
  circuit.tasks.spawn(send(circuit.bob(), numbers(99'999), false));
  circuit.loop.advance(1s);
  CHECK(circuit.at_bob == numbers(100'000));
  CHECK(!circuit.outcome);
  SUBCASE("the end at the limit is an end in good order") {
    circuit.tasks.spawn(send(circuit.alice(), {}, true));
    circuit.tasks.spawn(send(circuit.bob(), {7}, true));
    circuit.loop.advance(1s);
    CHECK(circuit.outcome->has_value());
    CHECK(circuit.at_alice.size() == 100'000);
    CHECK(circuit.carried == 200'000);
  }
  SUBCASE("one byte more ends it") {
    circuit.tasks.spawn(send(circuit.alice(), {7}, false));
    circuit.loop.advance(1s);
    REQUIRE(circuit.outcome);
    CHECK(circuit.outcome->error() == Errc::kLimitReached);
    CHECK(circuit.at_bob == numbers(100'000));
    CHECK(circuit.carried == 199'999);
  }
}

TEST_CASE("a sender has to wait for a slow reader") {
  sim::Loop loop;
  auto left = sim::pipe(loop, {.buffer = 10'000});
  auto right = sim::pipe(loop, {.buffer = 10'000});
  SpliceBuffers buffers;
  std::uint64_t carried = 0;
  Splice splice(*left.second, *right.first, 0, buffers, carried);
  std::optional<Result<>> outcome;
  TaskGroup tasks(loop.executor(), "test");
  tasks.spawn(keep_outcome(splice, &outcome));
  tasks.spawn(send_pieces(*left.first, numbers(1'000'000), 1000));
  loop.advance(1min);
  CHECK(carried <= 2 * 10'000 + kLargeBufferSize);
  CHECK(tasks.size() == 2);  // the sender waits
  // Sweeping takes no buffer from a direction that waits for its reader: nothing is lost.
  for (int i = 0; i < 5; ++i) {
    splice.sweep();
    loop.advance(1s);
  }
  Bytes got;
  std::error_code end;
  tasks.spawn(collect(*right.second, &got, &end));
  loop.advance(1min);
  CHECK(got == numbers(1'000'000));
  loop.run(tasks.close());
}

TEST_CASE("large buffers are for those who need them, while they do") {
  Circuit circuit;
  circuit.tasks.spawn(send(circuit.alice(), numbers(500), false));
  circuit.loop.advance(1s);
  CHECK(circuit.buffers.lent() == 0);
  circuit.tasks.spawn(send(circuit.alice(), numbers(50'000), false));
  circuit.loop.advance(1s);
  CHECK(circuit.buffers.lent() == 1);
  circuit.splice.sweep();
  circuit.loop.run_until_idle();
  CHECK(circuit.buffers.lent() == 1);  // it had moved since
  circuit.splice.sweep();
  circuit.loop.run_until_idle();
  CHECK(circuit.buffers.lent() == 0);
  circuit.tasks.spawn(send(circuit.alice(), numbers(9'000), true));
  circuit.loop.advance(1s);
  CHECK(circuit.at_bob.size() == 59'500);
  CHECK(BytesView(circuit.at_bob).back() == numbers(9'000).back());
  CHECK(circuit.buffers.lent() == 0);
}

TEST_CASE("with all large buffers lent, a small one does") {
  Circuit circuit;
  for (std::size_t i = 0; i < kLargeBuffersMax; ++i) CHECK(circuit.buffers.take_place());
  CHECK(!circuit.buffers.take_place());
  circuit.tasks.spawn(send(circuit.alice(), numbers(300'000), true));
  circuit.loop.advance(1s);
  CHECK(circuit.at_bob == numbers(300'000));
  for (std::size_t i = 0; i < kLargeBuffersMax; ++i) circuit.buffers.give_place();
}

TEST_CASE("sweeping at any moment loses nothing") {
  for (int turns = 0; turns < 40; ++turns) {
    Circuit circuit(0, {.delay = Duration(1us), .buffer = 20'000});
    circuit.tasks.spawn(send_pieces(circuit.alice(), numbers(200'000), 7000));
    for (int i = 0; i < turns; ++i) {
      circuit.splice.sweep();
      circuit.splice.sweep();
      circuit.loop.advance(Duration(700ns));
    }
    circuit.loop.advance(1s);
    REQUIRE(circuit.at_bob == numbers(200'000));
  }
}

TEST_CASE("a circuit fails at each step, and ends") {
  CHECK(sim::for_each_failure(carry_both_ways) > 20);
}
