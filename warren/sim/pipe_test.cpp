#include "warren/sim/pipe.hpp"

#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/sim/stream_contract.hpp"
#include "warren/sim/test_words.hpp"

namespace warren::sim {
namespace {

Task<StreamPair> connect(Loop& loop, PipeOptions options) {
  co_return pipe(loop, options);
}

void check_contract(Loop& loop, PipeOptions options) {
  check_stream_contract({.executor = loop.executor(),
                         .clock = loop.clock(),
                         .run = [&](Task<void> task) { loop.run(std::move(task)); },
                         .connect = [&] { return connect(loop, options); }});
  CHECK_FALSE(loop.busy());
}

TEST_CASE("a pipe is a ByteStream") {
  Loop loop;
  check_contract(loop, {});
}

TEST_CASE("a slow pipe that delivers few bytes at a time is a ByteStream") {
  Loop loop;
  check_contract(loop, {.delay = 100us, .read_max = 700, .buffer = 200'000});
}

TEST_CASE("bytes take the delay, one way") {
  Loop loop;
  auto [left, right] = pipe(loop, {.delay = 30ms});
  loop.run(send(*left, "hello"));
  CHECK(loop.now() == Instant{});
  CHECK(loop.run(receive(*right)) == "hello");
  CHECK(loop.now() == Instant(30ms));
  loop.run(send(*right, "you"));
  CHECK(loop.run(receive(*left)) == "you");
  CHECK(loop.now() == Instant(60ms));
}

TEST_CASE("a read returns no more than read_max") {
  Loop loop;
  auto [left, right] = pipe(loop, {.read_max = 3});
  loop.run(send(*left, "hello"));
  CHECK(loop.run(receive(*right)) == "hel");
  CHECK(loop.run(receive(*right)) == "lo");
}

TEST_CASE("the buffer is bounded to the byte") {
  Loop loop;
  auto [left, right] = pipe(loop, {.buffer = 10});
  loop.run(send(*left, "0123456789"));
  CHECK_THROWS_AS(loop.run(send(*left, "x")), Stuck);
  CHECK(loop.run(receive(*right)) == "0123456789");
  loop.run(send(*left, "y"));
  CHECK(loop.run(receive(*right)) == "y");
}

TEST_CASE("the n-th operation fails, resets both ends, and does nothing") {
  Loop loop;
  Faults faults(3);
  auto [left, right] = pipe(loop, {.faults = &faults});
  loop.run(send(*left, "a"));
  CHECK(loop.run(receive(*right)) == "a");
  CHECK(loop.run(as_result(send(*right, "b"))).error() == Errc::kReset);
  CHECK(loop.run(as_result(receive(*left))).error() == Errc::kReset);
  CHECK(loop.run(as_result(right->close_write())).error() == Errc::kReset);
  CHECK(faults.operations() == 5);
}

}  // namespace
}  // namespace warren::sim
