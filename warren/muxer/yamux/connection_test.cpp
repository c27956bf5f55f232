// Traffic over whole connections, in virtual time.
#include "warren/muxer/yamux/connection.hpp"

#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/muxer/yamux/test_connections.hpp"

using namespace warren;
using namespace warren::yamux;

namespace {

Task<MuxedPair> connected(sim::Loop& loop) {
  co_return connect(loop, {.delay = 5ms});
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
  const std::size_t drained = co_await drain(*stream);
  if (drained == 1024 * 1024) ++good;
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
