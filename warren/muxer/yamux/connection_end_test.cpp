// How connections end: in good order, by a peer that is dead, hostile or gone, and by a pipe that fails.
#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/async/cancellation.hpp"
#include "warren/muxer/yamux/test_connections.hpp"
#include "warren/muxer/yamux/test_frames.hpp"
#include "warren/sim/for_each_failure.hpp"

using namespace warren;
using namespace warren::yamux;

namespace {

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

}  // namespace

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
