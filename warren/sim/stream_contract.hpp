// What every ByteStream must do, as tests (doctest): pipes, simulated and real TCP, secured channels and
// multiplexed streams all run the same ones.
//
//   Task<StreamPair> connect(Loop& loop) { co_return pipe(loop); }
//
//   TEST_CASE("a pipe is a ByteStream") {
//     Loop loop;
//     check_stream_contract({.executor = loop.executor(),
//                            .clock = loop.clock(),
//                            .run = [&](Task<void> task) { loop.run(std::move(task)); },
//                            .connect = [&] { return connect(loop); }});
//   }
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include "warren/async/as_result.hpp"
#include "warren/async/event.hpp"
#include "warren/async/task_group.hpp"
#include "warren/env/byte_stream.hpp"
#include "warren/env/clock.hpp"
#include "warren/sim/pipe.hpp"
#include "warren/sim/random.hpp"

namespace warren::sim {

struct StreamContract {
  Executor executor;
  Clock& clock;
  // Runs a task to its end on that executor's loop, whichever that is; throws what it throws.
  std::function<void(Task<void>)> run;
  // Two connected ends. Called once in each test.
  std::function<Task<StreamPair>()> connect;
  // Closes what connect() made besides the two streams, which are gone by then.
  std::function<Task<void>()> disconnect = {};
  // More bytes than a writer can get rid of while nobody reads.
  std::size_t buffer_max = 1024 * 1024;
};

namespace contract_tests {

inline Bytes random_bytes(std::size_t size, std::uint64_t seed) {
  Bytes bytes(size);
  SeededRandom(seed).fill(bytes);
  return bytes;
}

// A conversation's end, as opposed to a value or to another mistake.
template <class T>
bool is_reset(const Result<T>& outcome) {
  return !outcome && (outcome.error() == Errc::kReset || outcome.error() == Errc::kClosed);
}

// Not named read_exactly: that one is core's, which is above.
inline Task<void> fill(ByteStream& stream, MutableBytes to) {
  while (!to.empty()) {
    const std::size_t count = co_await stream.read_some(to);
    if (count == 0) throw_error(Errc::kEndOfStream);
    to = to.subspan(count);
  }
}

// Reads in pieces of random sizes until the other side ends its half.
inline Task<void> read_all(ByteStream& stream, Bytes& to, std::uint64_t seed) {
  SeededRandom random(seed);
  for (;;) {
    Bytes piece(1 + random.below(20'000));
    const std::size_t count = co_await stream.read_some(piece);
    if (count == 0) co_return;
    append(to, BytesView(piece).first(count));
  }
}

// Writes in pieces of random sizes, and ends the half.
inline Task<void> write_all(ByteStream& stream, BytesView bytes, std::uint64_t seed) {
  SeededRandom random(seed);
  while (!bytes.empty()) {
    const BytesView piece = bytes.first(std::min<std::size_t>(bytes.size(), random.below(20'000)));
    co_await stream.write(piece);
    bytes = bytes.subspan(piece.size());
  }
  co_await stream.close_write();
}

// Notes how a task ended, and that it did.
struct Ending {
  Result<> outcome;
  bool ended = false;
};
inline Task<void> note(Task<void> task, Ending& ending) {
  ending.outcome = co_await as_result(std::move(task));
  ending.ended = true;
}

inline Task<void> read_once(ByteStream& stream, MutableBytes to, std::size_t& count) {
  count = co_await stream.read_some(to);
}

// Writes until that fails; a stream that takes everything is no stream.
inline Task<void> write_forever(const StreamContract& contract, ByteStream& stream) {
  const Bytes bytes(16 * 1024);
  for (std::size_t count = 0; count < 8 * contract.buffer_max; count += bytes.size()) {
    co_await stream.write(bytes);
  }
}

inline Task<void> echo(const StreamContract&, ByteStream& a, ByteStream& b) {
  for (const std::size_t size : {1, 5, 1000, 100'000}) {
    const Bytes sent = random_bytes(size, size);
    Bytes received(size);
    co_await a.write(sent);
    co_await fill(b, received);
    CHECK(received == sent);
    co_await b.write(received);
    Bytes back(size);
    co_await fill(a, back);
    CHECK(back == sent);
  }
  co_await a.write(BytesView());
}

inline Task<void> half_close(const StreamContract&, ByteStream& a, ByteStream& b) {
  Bytes buffer(100);
  const Bytes question = to_bytes("a question");
  const Bytes answer = to_bytes("an answer");
  co_await a.write(question);
  co_await a.close_write();
  co_await a.close_write();
  co_await fill(b, MutableBytes(buffer).first(question.size()));
  CHECK(co_await b.read_some(buffer) == 0);
  CHECK(co_await b.read_some(buffer) == 0);
  const auto late = co_await as_result(a.write(question));
  CHECK(is_reset(late));

  co_await b.write(answer);
  co_await b.close_write();
  Bytes received(answer.size());
  co_await fill(a, received);
  CHECK(received == answer);
  CHECK(co_await a.read_some(buffer) == 0);
}

inline Task<void> both_directions(const StreamContract& contract, ByteStream& a, ByteStream& b) {
  const Bytes from_a = random_bytes(1024 * 1024, 1);
  const Bytes from_b = random_bytes(1024 * 1024, 2);
  Bytes at_a;
  Bytes at_b;
  TaskGroup group(contract.executor, "contract");
  std::array<Ending, 4> endings;
  group.spawn(note(write_all(a, from_a, 3), endings[0]));
  group.spawn(note(write_all(b, from_b, 4), endings[1]));
  group.spawn(note(read_all(a, at_a, 5), endings[2]));
  group.spawn(note(read_all(b, at_b, 6), endings[3]));
  co_await group.join();
  for (const Ending& ending : endings) CHECK(ending.outcome.has_value());
  CHECK((at_a == from_b));
  CHECK((at_b == from_a));
}

// One end is reset while both have a read and a write pending: all four end.
inline Task<void> reset(const StreamContract& contract, ByteStream& a, ByteStream& b) {
  TaskGroup group(contract.executor, "contract");
  std::array<Ending, 3> endings;
  Bytes buffer(1);
  std::size_t count = 0;
  group.spawn(note(read_once(a, buffer, count), endings[0]));
  group.spawn(note(write_forever(contract, a), endings[1]));
  group.spawn(note(write_forever(contract, b), endings[2]));
  co_await contract.clock.sleep_for(50ms);
  a.reset();
  a.reset();
  co_await group.join();
  CHECK((count == 1 || is_reset(endings[0].outcome)));
  CHECK(is_reset(endings[1].outcome));
  CHECK(is_reset(endings[2].outcome));

  const Bytes bytes(10);
  const auto written = co_await as_result(a.write(bytes));
  CHECK(is_reset(written));
  const auto read = co_await as_result(a.read_some(buffer));
  CHECK(is_reset(read));
}

inline Task<void> reset_wakes_reader(const StreamContract& contract, ByteStream& a, ByteStream& b) {
  TaskGroup group(contract.executor, "contract");
  std::array<Ending, 2> endings;
  std::array<std::uint8_t, 2> buffer{};
  std::size_t count = 0;
  group.spawn(note(read_once(a, MutableBytes(buffer).first(1), count), endings[0]));
  group.spawn(note(read_once(b, MutableBytes(buffer).last(1), count), endings[1]));
  co_await contract.clock.sleep_for(50ms);
  CHECK_FALSE(endings[0].ended);
  CHECK_FALSE(endings[1].ended);
  a.reset();
  co_await group.join();
  CHECK(is_reset(endings[0].outcome));
  CHECK(is_reset(endings[1].outcome));
}

// Reads that are canceled again and again, at odd moments, while bytes arrive.
inline Task<void> read_cancel(const StreamContract& contract, ByteStream& a, ByteStream& b) {
  const Bytes sent = random_bytes(256 * 1024, 7);
  Bytes received;
  Ending writing;
  TaskGroup writer(contract.executor, "contract");
  writer.spawn(note(write_all(a, sent, 8), writing));
  SeededRandom random(9);
  for (bool at_end = false; !at_end;) {
    Bytes piece(1 + random.below(5'000));
    std::size_t count = 0;
    Ending reading;
    TaskGroup reader(contract.executor, "contract");
    reader.spawn(note(read_once(b, piece, count), reading));
    co_await contract.clock.sleep_for(std::chrono::microseconds(random.below(300)));
    co_await reader.close();
    append(received, BytesView(piece).first(count));
    at_end = reading.ended && (count == 0 || !reading.outcome);
  }
  co_await writer.join();
  CHECK(writing.outcome.has_value());
  CHECK((received == sent));
}

inline Task<void> write_counting(ByteStream& stream, BytesView bytes, std::size_t& written) {
  while (!bytes.empty()) {
    const BytesView piece = bytes.first(std::min<std::size_t>(bytes.size(), 4096));
    co_await stream.write(piece);
    written += piece.size();
    bytes = bytes.subspan(piece.size());
  }
  co_await stream.close_write();
}

inline Task<void> backpressure(const StreamContract& contract, ByteStream& a, ByteStream& b) {
  const Bytes sent = random_bytes(contract.buffer_max + 300'000, 10);
  Bytes received;
  std::size_t written = 0;
  Ending writing;
  TaskGroup group(contract.executor, "contract");
  group.spawn(note(write_counting(a, sent, written), writing));
  // Until nothing more is taken.
  for (std::size_t before = 1; before != written;) {
    before = written;
    co_await contract.clock.sleep_for(50ms);
  }
  CHECK_FALSE(writing.ended);
  CHECK(written < contract.buffer_max);
  co_await read_all(b, received, 11);
  co_await group.join();
  CHECK(writing.outcome.has_value());
  CHECK((received == sent));
}

inline Task<void> with_pair(const StreamContract& contract,
                            Task<void> (*test)(const StreamContract&, ByteStream&, ByteStream&)) {
  StreamPair pair = co_await contract.connect();
  co_await test(contract, *pair.first, *pair.second);
}

inline Task<void> destroyed_open(const StreamContract& contract) {
  StreamPair pair = co_await contract.connect();
  TaskGroup group(contract.executor, "contract");
  Ending reading;
  Bytes buffer(1);
  std::size_t count = 0;
  group.spawn(note(read_once(*pair.second, buffer, count), reading));
  co_await contract.clock.sleep_for(50ms);
  pair.first.reset();
  co_await group.join();
  CHECK(is_reset(reading.outcome));
  const auto writing = co_await as_result(write_forever(contract, *pair.second));
  CHECK(is_reset(writing));
}

inline Task<void> destroyed_ended(const StreamContract& contract) {
  StreamPair pair = co_await contract.connect();
  const Bytes sent = random_bytes(10'000, 12);
  Bytes buffer(1);
  co_await pair.second->close_write();
  co_await pair.first->write(sent);
  co_await pair.first->close_write();
  CHECK(co_await pair.first->read_some(buffer) == 0);
  pair.first.reset();
  Bytes received;
  co_await read_all(*pair.second, received, 13);
  CHECK((received == sent));
}

}  // namespace contract_tests

// Call it in a TEST_CASE of its own, which makes everything anew for each of the subcases.
inline void check_stream_contract(const StreamContract& contract) {
  namespace test = contract_tests;
  SUBCASE("bytes arrive as they were sent, both ways") {
    contract.run(test::with_pair(contract, test::echo));
  }
  SUBCASE("one half ends, the other goes on") {
    contract.run(test::with_pair(contract, test::half_close));
  }
  SUBCASE("1 MiB each way at once, in random pieces") {
    contract.run(test::with_pair(contract, test::both_directions));
  }
  SUBCASE("a reset ends reads and writes of both ends, and what comes after") {
    contract.run(test::with_pair(contract, test::reset));
  }
  SUBCASE("a reset wakes idle readers") {
    contract.run(test::with_pair(contract, test::reset_wakes_reader));
  }
  SUBCASE("a canceled read loses nothing") {
    contract.run(test::with_pair(contract, test::read_cancel));
  }
  SUBCASE("a writer waits for a reader") {
    contract.run(test::with_pair(contract, test::backpressure));
  }
  SUBCASE("an open stream that is destroyed is reset") {
    contract.run(test::destroyed_open(contract));
  }
  SUBCASE("a stream whose halves have ended can be destroyed before the other side has read") {
    contract.run(test::destroyed_ended(contract));
  }
  if (contract.disconnect) contract.run(contract.disconnect());
}

}  // namespace warren::sim
