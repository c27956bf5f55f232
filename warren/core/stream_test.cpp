#include "warren/core/stream.hpp"

#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/base/error.hpp"
#include "warren/core/signal.hpp"
#include "warren/sim/loop.hpp"
#include "warren/sim/pipe.hpp"

using namespace warren;

namespace {

Task<void> write_and_end(ByteStream* stream, Bytes bytes) {
  co_await stream->write(bytes);
  co_await stream->close_write();
}

// What read_delimited makes of these bytes, when they come one by one.
Result<Bytes> read_from(std::string_view hex, std::size_t size_max) {
  sim::Loop loop;
  auto [near, far] = sim::pipe(loop, {.read_max = 1});
  loop.run(write_and_end(far.get(), *from_hex(hex)));
  return loop.run(as_result(read_delimited(*near, size_max)));
}

}  // namespace

TEST_CASE("a delimited message is read whole, and nothing behind it") {
  sim::Loop loop;
  auto [near, far] = sim::pipe(loop, {.read_max = 3});
  loop.run(write_delimited(*far, as_bytes("first")));
  loop.run(write_delimited(*far, as_bytes("second")));
  loop.run(far->close_write());
  CHECK(to_text(loop.run(read_delimited(*near, 100))) == "first");
  CHECK(to_text(loop.run(read_delimited(*near, 6))) == "second");
  CHECK_FALSE(loop.run(read_delimited_or_end(*near, 100)));
}

TEST_CASE("a message that is cut, oversized or badly encoded has its own error") {
  CHECK(read_from("", 100).error() == Errc::kEndOfStream);
  CHECK(read_from("80", 100).error() == Errc::kEndOfStream);
  CHECK(read_from("0568656c", 100).error() == Errc::kEndOfStream);
  CHECK(read_from("65", 100).error() == Errc::kTooLarge);
  CHECK(read_from("8000", 100).error() == Errc::kNotMinimal);
  CHECK(read_from("ffffffffffffffffffff01", 100).error() == Errc::kTooLarge);
  CHECK(read_from("00", 0)->empty());
}

TEST_CASE("read_to_end stops at the bound") {
  sim::Loop loop;
  auto [near, far] = sim::pipe(loop);
  loop.run(write_and_end(far.get(), Bytes(1000, 7)));
  CHECK(loop.run(read_to_end(*near, 1000)) == Bytes(1000, 7));

  auto [near2, far2] = sim::pipe(loop);
  loop.run(write_and_end(far2.get(), Bytes(1001, 7)));
  CHECK(loop.run(as_result(read_to_end(*near2, 1000))).error() == Errc::kTooLarge);
}

TEST_CASE("a signal calls its subscribers in order, until they leave") {
  Signal<int> signal;
  std::string heard;
  Subscription first = signal.subscribe([&](int n) { heard += "a" + std::to_string(n); });
  Subscription second;
  second = signal.subscribe([&](int n) {
    heard += "b" + std::to_string(n);
    second.reset();  // leaving during the call
  });
  signal.emit(1);
  signal.emit(2);
  CHECK(heard == "a1b1a2");
  first.reset();
  signal.emit(3);
  CHECK(heard == "a1b1a2");
}

TEST_CASE("a subscription may outlive its signal") {
  Subscription subscription;
  {
    Signal<> signal;
    subscription = signal.subscribe([] {});
  }
  subscription.reset();
}
