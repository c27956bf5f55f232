#include "test/interop/endings.hpp"

#include <nlohmann/json.hpp>

#include "warren/async/as_result.hpp"
#include "warren/async/cancellation.hpp"

namespace warren::interop {

namespace {

constexpr Duration kEndingsIdleMax = 30s;
constexpr Duration kPoll = 10ms;
constexpr std::size_t kEndingsChunk = 64 * 1024;
// What one side writes when the other still has to read; many times less than any window.
constexpr std::size_t kRest = 1024;
constexpr std::size_t kMany = 256 * 1024;

// Whether it was the other side that ended the writing.
Task<bool> write_until_stopped(ByteStream& stream) {
  const Bytes chunk(kEndingsChunk);
  for (;;) {
    const auto written = co_await as_result(stream.write(chunk));
    if (!written) co_return written.error() == Errc::kReset;
  }
}

// Reads to the end, whichever it is.
Task<void> count_end(EndingCounts& counts, ByteStream& stream, bool stopped) {
  const auto rest = co_await as_result(read_to_end(stream, kRest));
  if (rest && rest->size() == kRest) {
    ++(stopped ? counts.stopped : counts.ended);
  } else if (!rest && rest.error() == Errc::kReset) {
    ++counts.reset;
  }
}

Task<void> answer(EndingCounts& counts, ByteStream& stream) {
  Bytes command(1);
  co_await read_exactly(stream, command);
  if (command[0] == 'r') {
    stream.reset();
    co_return;
  }
  if (command[0] == 'c') {
    const nlohmann::json json = {
        {"ended", counts.ended}, {"stopped", counts.stopped}, {"reset", counts.reset}};
    const std::string text = json.dump();
    co_await stream.write(as_bytes(text));
    co_await stream.close_write();
    co_return;
  }
  // Reading alone cannot be stopped here ('s').
  if (command[0] != 'e' && command[0] != 'w') throw_error(Errc::kUnsupported);
  co_await stream.write(command);
  bool stopped = false;
  if (command[0] == 'w') stopped = co_await write_until_stopped(stream);
  co_await count_end(counts, stream, stopped);
  if (!stopped) co_await stream.close_write();
}

Task<void> serve(EndingCounts& counts, Clock& clock, StreamPtr stream) {
  co_await with_timeout(clock, kEndingsIdleMax, answer(counts, *stream));
}

void check(bool as_expected, const char* what) {
  if (!as_expected) throw_error(Errc::kMalformed, what);
}

Task<StreamPtr> begin(Connection& connection, std::uint8_t command) {
  StreamPtr stream = co_await connection.open_stream(ProtocolId(kEndingsProtocol));
  const Bytes word{command};
  co_await stream->write(word);
  co_return stream;
}

// The same, but waits until the peer has the command.
Task<StreamPtr> begin_confirmed(Connection& connection, std::uint8_t command) {
  StreamPtr stream = co_await begin(connection, command);
  Bytes answer(1);
  co_await read_exactly(*stream, answer);
  check(answer[0] == command, "the peer answers another command");
  co_return stream;
}

Task<EndingCounts> ask_counts(Connection& connection) {
  const StreamPtr stream = co_await begin(connection, 'c');
  co_await stream->close_write();
  const Bytes text = co_await read_to_end(*stream, kRest);
  const auto json = nlohmann::json::parse(text, nullptr, false);
  check(json.is_object(), "the peer's counts are not an object");
  co_return EndingCounts{.ended = json.value("ended", std::int64_t{-1}),
                         .stopped = json.value("stopped", std::int64_t{-1}),
                         .reset = json.value("reset", std::int64_t{-1})};
}

Task<void> end_by_peer(Connection& connection) {
  const StreamPtr stream = co_await begin(connection, 'r');
  const auto read = co_await as_result(read_to_end(*stream, kRest));
  check(!read && read.error() == Errc::kReset, "the peer's reset is not seen by who reads");
  const bool stopped = co_await write_until_stopped(*stream);
  check(stopped, "the peer's reset is not seen by who writes");
}

Task<void> end_properly(Connection& connection) {
  const StreamPtr stream = co_await begin_confirmed(connection, 'e');
  const Bytes rest(kRest);
  co_await stream->write(rest);
  co_await stream->close_write();
  const Bytes more = co_await read_to_end(*stream, kRest);
  check(more.empty(), "more came back than the end of the stream");
}

// While the peer reads.
Task<void> end_by_reset(Connection& connection) {
  const StreamPtr stream = co_await begin_confirmed(connection, 'e');
  stream->reset();
}

// While the peer writes.
Task<void> end_by_reset_midway(Connection& connection) {
  const StreamPtr stream = co_await begin_confirmed(connection, 'w');
  Bytes much(kMany);
  co_await read_exactly(*stream, much);
  stream->reset();
}

// The peer does not read any more; its own half goes on.
Task<void> end_writing(Connection& connection) {
  const StreamPtr stream = co_await begin_confirmed(connection, 's');
  const bool stopped = co_await write_until_stopped(*stream);
  check(stopped, "writing goes on although the peer does not read");
  const Bytes rest = co_await read_to_end(*stream, kRest);
  check(rest.size() == kRest, "reading ends because writing did");
}

}  // namespace

void serve_endings(Host& host, EndingCounts& counts) {
  Clock* clock = &host.env().clock;
  host.handle(ProtocolId(kEndingsProtocol), [clock, &counts](ConnectionPtr, StreamPtr stream) {
    return serve(counts, *clock, std::move(stream));
  });
}

Task<void> endings(Env& env, ConnectionPtr connection) {
  EndingCounts wanted = co_await ask_counts(*connection);
  co_await end_by_peer(*connection);
  co_await end_properly(*connection);
  co_await end_by_reset(*connection);
  co_await end_by_reset_midway(*connection);
  co_await end_writing(*connection);
  wanted.ended += 1;
  wanted.reset += 2;
  for (;;) {
    const EndingCounts counts = co_await ask_counts(*connection);
    if (counts == wanted) co_return;
    co_await env.clock.sleep_for(kPoll);
  }
}

}  // namespace warren::interop
