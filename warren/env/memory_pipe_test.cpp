#include "warren/env/memory_pipe.hpp"

#include <doctest/doctest.h>

#include "warren/sim/stream_contract.hpp"

namespace warren {
namespace {

Task<sim::StreamPair> connect() {
  co_return memory_pipe(256 * 1024);
}

TEST_CASE("a pipe in memory is a ByteStream") {
  sim::Loop loop;
  sim::check_stream_contract({.executor = loop.executor(),
                              .clock = loop.clock(),
                              .run = [&](Task<void> task) { loop.run(std::move(task)); },
                              .connect = connect});
  CHECK_FALSE(loop.busy());
}

Task<std::string> exchange(ByteStream& left, ByteStream& right) {
  co_await left.write(as_bytes("hello"));
  Bytes buffer(100);
  const std::size_t count = co_await right.read_some(buffer);
  co_return to_text(BytesView(buffer).first(count));
}

TEST_CASE("without a delivery bytes arrive at once, without a turn of the clock") {
  sim::Loop loop;
  auto [left, right] = memory_pipe(10);
  CHECK(loop.run(exchange(*left, *right)) == "hello");
  CHECK(loop.now() == Instant{});
}

TEST_CASE("what is delivered after an end has gone is forgotten") {
  sim::Loop loop;
  std::vector<std::function<void()>> on_the_way;
  auto [left, right] =
      memory_pipe(10, [&](std::function<void()> arrive) { on_the_way.push_back(std::move(arrive)); });
  loop.run(left->write(as_bytes("late")));
  right.reset();
  left.reset();
  CHECK(on_the_way.size() == 3);  // the bytes, and a reset from each end
  for (const auto& arrive : on_the_way) arrive();
}

}  // namespace
}  // namespace warren
