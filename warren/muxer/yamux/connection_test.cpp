// Whole connections over simulated pipes, in virtual time.
#include "warren/muxer/yamux/connection.hpp"

#include <doctest/doctest.h>

#include "warren/async/cancellation.hpp"
#include "warren/core/muxer_contract.hpp"
#include "warren/muxer/yamux/muxer.hpp"
#include "warren/muxer/yamux/session_test_support.hpp"
#include "warren/sim/for_each_failure.hpp"
#include "warren/sim/pipe.hpp"

using namespace warren;
using namespace warren::yamux;

namespace {

MuxedPair connect(sim::Loop& loop, sim::PipeOptions options = {}) {
  auto [left, right] = sim::pipe(loop, options);
  YamuxMuxer muxer(loop.executor(), loop.clock());
  MuxedPair pair(muxer.multiplex(std::move(left), Side::kInitiator),
                 muxer.multiplex(std::move(right), Side::kResponder));
  pair.first->start();
  pair.second->start();
  return pair;
}

// One end, started; the other is the script's.
std::unique_ptr<MuxedConnection> over(sim::Loop& loop, StreamPtr channel) {
  auto connection = YamuxMuxer(loop.executor(), loop.clock()).multiplex(std::move(channel), Side::kInitiator);
  connection->start();
  return connection;
}

Task<MuxedPair> connected(sim::Loop& loop) {
  co_return connect(loop, {.delay = 5ms});
}

Task<void> close(MuxedPair& pair) {
  co_await pair.first->close();
  co_await pair.second->close();
}

Task<sim::StreamPair> stream_pair(MuxedPair& pair) {
  StreamPtr ours = co_await pair.first->open_stream();
  StreamPtr theirs = co_await pair.second->accept_stream();
  co_return sim::StreamPair(std::move(ours), std::move(theirs));
}

Task<void> send(ByteStream& stream, std::size_t size) {
  const Bytes piece(64 * 1024, 'x');
  while (size > 0) {
    const std::size_t part = std::min(size, piece.size());
    co_await stream.write(BytesView(piece).first(part));
    size -= part;
  }
  co_await stream.close_write();
}

// Reads to the end; returns how many bytes that were.
Task<std::size_t> drain(ByteStream& stream) {
  Bytes buffer(64 * 1024);
  std::size_t total = 0;
  while (true) {
    const std::size_t size = co_await stream.read_some(buffer);
    if (size == 0) co_return total;
    total += size;
  }
}

Task<void> echo(StreamPtr stream) {
  Bytes buffer(16 * 1024);
  while (true) {
    const std::size_t size = co_await stream->read_some(buffer);
    if (size == 0) break;
    co_await stream->write(BytesView(buffer).first(size));
  }
  co_await stream->close_write();
}

Task<void> echo_all(MuxedConnection& connection, TaskGroup& streams) {
  while (true) {
    StreamPtr stream = co_await connection.accept_stream();
    streams.spawn(echo(std::move(stream)));
  }
}

Task<void> accept_into(MuxedConnection& connection, std::vector<StreamPtr>& streams) {
  while (true) {
    StreamPtr stream = co_await connection.accept_stream();
    streams.push_back(std::move(stream));
  }
}

}  // namespace

TEST_CASE("a yamux connection is a MuxedConnection") {
  sim::Loop loop;
  check_muxer_contract({.executor = loop.executor(),
                        .clock = loop.clock(),
                        .run = [&](Task<void> task) { loop.run(std::move(task)); },
                        .connect = [&] { return connected(loop); }});
  CHECK_FALSE(loop.busy());
}

namespace {

Task<void> transfer(sim::Loop& loop, Duration& took) {
  MuxedPair pair = connect(loop, {.delay = 50ms, .buffer = 64 * 1024 * 1024});
  co_await loop.clock().sleep_for(1s);  // the round trip is known
  CHECK(pair.first->round_trip_time() == 100ms);
  auto streams = co_await stream_pair(pair);
  TaskGroup group(loop.executor(), "test");
  const Instant start = loop.now();
  group.spawn(send(*streams.first, 32 * 1024 * 1024));
  const std::size_t received = co_await drain(*streams.second);
  took = loop.now() - start;
  CHECK(received == 32 * 1024 * 1024);
  co_await group.join();
  co_await close(pair);
}

}  // namespace

TEST_CASE("over a long link a stream's window grows: 32 MiB in far fewer round trips than 128") {
  sim::Loop loop;
  Duration took{};
  loop.run(transfer(loop, took));
  CHECK(took < 1500ms);
}

namespace {

Task<void> many_streams(sim::Loop& loop) {
  MuxedPair pair = connect(loop, {.delay = 10ms});
  std::vector<StreamPtr> ours;
  std::vector<StreamPtr> theirs;
  TaskGroup group(loop.executor(), "test");
  group.spawn(accept_into(*pair.second, theirs));
  while (ours.size() < 1000) {
    auto stream = co_await as_result(pair.first->open_stream());
    if (stream) {
      ours.push_back(std::move(*stream));
      continue;
    }
    CHECK(stream.error() == Errc::kLimitReached);  // until the first ones are acknowledged
    co_await loop.clock().sleep_for(1ms);
  }
  co_await loop.clock().sleep_for(1s);
  REQUIRE(theirs.size() == 1000);
  CHECK(pair.first->stream_count() == 1000);
  CHECK(pair.second->stream_count() == 1000);
  for (const StreamPtr& stream : ours) co_await stream->write(as_bytes("x"));
  Bytes buffer(10);
  for (const StreamPtr& stream : theirs) CHECK(co_await stream->read_some(buffer) == 1);
  theirs.clear();
  co_await loop.clock().sleep_for(1s);
  CHECK(pair.first->stream_count() == 0);
  co_await group.close();
  co_await close(pair);
}

Task<void> speak(MuxedConnection& connection, Executor executor, int& good) {
  const StreamPtr stream = co_await connection.open_stream();
  TaskGroup group(executor, "test");
  group.spawn(send(*stream, 1024 * 1024));
  if (co_await drain(*stream) == 1024 * 1024) ++good;
  co_await group.join();
}

Task<void> echoes(sim::Loop& loop) {
  MuxedPair pair = connect(loop, {.delay = 1ms, .buffer = 16 * 1024 * 1024});
  TaskGroup group(loop.executor(), "test");
  TaskGroup server(loop.executor(), "test");
  server.spawn(echo_all(*pair.second, server));
  int good = 0;
  for (int i = 0; i < 100; ++i) group.spawn(speak(*pair.first, loop.executor(), good));
  co_await group.join();
  CHECK(good == 100);
  co_await server.close();
  co_await close(pair);
}

}  // namespace

TEST_CASE("1,000 streams at once") {
  sim::Loop loop;
  loop.run(many_streams(loop));
}

TEST_CASE("1 MiB is echoed on each of 100 streams at once") {
  sim::Loop loop;
  loop.run(echoes(loop));
}

namespace {

Task<void> write_bytes(ByteStream& stream, Bytes bytes) {
  co_await stream.write(bytes);
}

Task<void> read_forever(ByteStream& stream) {
  Bytes buffer(64 * 1024);
  while (true) {
    const std::size_t size = co_await stream.read_some(buffer);
    if (size == 0) co_return;
  }
}

Task<void> silent_peer(sim::Loop& loop) {
  auto [left, peer] = sim::pipe(loop);
  const auto connection = over(loop, std::move(left));
  TaskGroup group(loop.executor(), "test");
  group.spawn(read_forever(*peer));
  const StreamPtr stream = co_await connection->open_stream();
  const auto accepted = co_await as_result(connection->accept_stream());
  CHECK(accepted.error() == Errc::kTimedOut);
  CHECK(loop.now() == Instant{} + 10s);
  Bytes buffer(1);
  const auto read = co_await as_result(stream->read_some(buffer));
  CHECK(read.error() == Errc::kClosed);
  co_await connection->close();
  co_await group.join();
}

Task<void> idle_peers(sim::Loop& loop) {
  MuxedPair pair = connect(loop, {.delay = 20ms});
  co_await loop.clock().sleep_for(std::chrono::hours(10));
  co_await muxer_tests::converse(*pair.first, *pair.second);
  co_await close(pair);
}

// Large transfers with long pauses between them: the reader changes its buffer while it waits.
Task<void> bursts(sim::Loop& loop) {
  MuxedPair pair = connect(loop, {.delay = 1ms, .buffer = 16 * 1024 * 1024});
  auto streams = co_await stream_pair(pair);
  const Bytes burst(300'000, 7);
  Bytes received(burst.size());
  TaskGroup group(loop.executor(), "test");
  for (int i = 0; i < 5; ++i) {
    group.spawn(write_bytes(*streams.first, burst));
    co_await read_exactly(*streams.second, received);
    CHECK((received == burst));
    co_await group.join();
    // Across several pings; the last pauses end right when a ping is due.
    co_await loop.clock().sleep_for(i < 3 ? std::chrono::seconds(100 + i) : std::chrono::seconds(120));
  }
  co_await close(pair);
}

}  // namespace

TEST_CASE("buffers are given up and grown again, and no byte is lost") {
  sim::Loop loop;
  loop.run(bursts(loop));
}

TEST_CASE("a peer that is silent for ten seconds after a ping is dead") {
  sim::Loop loop;
  loop.run(silent_peer(loop));
}

TEST_CASE("two ends that have nothing to say stay connected") {
  sim::Loop loop;
  loop.run(idle_peers(loop), std::chrono::hours(20));
}

namespace {

Task<void> flood(ByteStream& peer, Bytes script) {
  Bytes many;
  for (int i = 0; i < 1000; ++i) append(many, script);
  while (true) co_await peer.write(many);
}

Task<void> flooded(sim::Loop& loop, Bytes script) {
  auto [left, peer] = sim::pipe(loop, {.delay = 1ms});
  const auto connection = over(loop, std::move(left));
  TaskGroup group(loop.executor(), "test");
  group.spawn(flood(*peer, std::move(script)));  // and reads nothing
  const auto accepted = co_await as_result(connection->accept_stream());
  CHECK(accepted.error() == Errc::kLimitReached);
  CHECK(loop.now() < Instant{} + 1s);
  const Instant start = loop.now();
  co_await connection->close();
  CHECK(loop.now() - start <= 1s);
  co_await group.close();
}

// What a peer gets to read when it breaks the protocol.
Task<void> told_off(sim::Loop& loop) {
  auto [left, peer] = sim::pipe(loop);
  const auto connection = over(loop, std::move(left));
  const Bytes script = window_update(kSyn, 2, 0xffff0000);
  co_await peer->write(script);
  const auto accepted = co_await as_result(connection->accept_stream());
  CHECK(accepted.error() == Errc::kMalformed);
  Bytes buffer(100);
  Bytes heard;
  while (true) {
    const std::size_t size = co_await peer->read_some(buffer);
    if (size == 0) break;
    append(heard, BytesView(buffer).first(size));
  }
  const auto frames = parse(heard);
  REQUIRE_FALSE(frames.empty());
  CHECK(frames.back().header == Header{FrameType::kGoAway, 0, 0, 1});
  co_await peer->close_write();
  co_await connection->close();
}

}  // namespace

TEST_CASE("a peer that floods and never reads is dropped") {
  sim::Loop loop;
  loop.run(flooded(loop, ping(kSyn, 7)));
}

TEST_CASE("a peer that breaks the protocol is told") {
  sim::Loop loop;
  loop.run(told_off(loop));
}

namespace {

// The last words of a stream arrive although the connection is closed right behind them.
Task<void> last_words(sim::Loop& loop) {
  MuxedPair pair = connect(loop, {.delay = 10ms});
  auto streams = co_await stream_pair(pair);
  co_await streams.first->write(as_bytes("last words"));
  co_await streams.first->close_write();
  const Instant start = loop.now();
  co_await pair.first->close();
  CHECK(loop.now() - start == 20ms);  // until the other end has ended its side, too
  CHECK(co_await drain(*streams.second) == 10);
  const auto accepted = co_await as_result(pair.second->accept_stream());
  CHECK(accepted.error() == Errc::kClosed);
  co_await pair.second->close();
}

// close() in a connection whose peer neither reads nor ends.
Task<void> stubborn_peer(sim::Loop& loop) {
  auto [left, peer] = sim::pipe(loop, {.buffer = 1000});
  const auto connection = over(loop, std::move(left));
  const StreamPtr stream = co_await connection->open_stream();
  const Bytes bytes(100'000);
  co_await stream->write(bytes);
  const Instant start = loop.now();
  co_await connection->close();
  CHECK(loop.now() - start == Limits().close_max);
}

Task<void> vanished_peer(sim::Loop& loop) {
  auto [left, peer] = sim::pipe(loop);
  const auto connection = over(loop, std::move(left));
  co_await loop.clock().sleep_for(1ms);
  peer->reset();
  const auto accepted = co_await as_result(connection->accept_stream());
  CHECK(accepted.error() == Errc::kReset);
  co_await connection->close();
}

}  // namespace

TEST_CASE("a connection that was not started may be dropped") {
  sim::Loop loop;
  auto [left, right] = sim::pipe(loop);
  {
    const auto connection =
        YamuxMuxer(loop.executor(), loop.clock()).multiplex(std::move(left), Side::kInitiator);
    CHECK(connection->stream_count() == 0);
  }
  CHECK_FALSE(loop.busy());
}

TEST_CASE("the end of a connection") {
  sim::Loop loop;
  SUBCASE("does not lose what was written") {
    loop.run(last_words(loop));
  }
  SUBCASE("does not wait for ever") {
    loop.run(stubborn_peer(loop));
  }
  SUBCASE("without a word") {
    loop.run(vanished_peer(loop));
  }
  CHECK_FALSE(loop.busy());
}

namespace {

Task<void> conversation(MuxedPair& pair) {
  const auto streams = co_await stream_pair(pair);
  co_await muxer_tests::send_text(*streams.first, "question");
  const std::string question = co_await muxer_tests::receive_text(*streams.second);
  co_await muxer_tests::send_text(*streams.second, question + ", answered");
  const std::string answer = co_await muxer_tests::receive_text(*streams.first);
  if (answer != "question, answered") throw std::logic_error("wrong bytes");
}

Task<void> failing_conversation(sim::Loop& loop, sim::Faults& faults) {
  MuxedPair pair = connect(loop, {.delay = 1ms, .read_max = 50, .faults = &faults});
  co_await finally(conversation(pair), close(pair));
}

}  // namespace

TEST_CASE("a pipe that fails at any step leaves no task behind") {
  // The last operations close the pipe, when the conversation is over: it may have succeeded by then.
  const auto fine = [](std::uint64_t, const Result<>&) {};
  CHECK(sim::for_each_failure(failing_conversation, fine) > 10);
}
