#include "warren/protocols/ping/ping.hpp"

#include "warren/async/as_result.hpp"
#include "warren/env/clock.hpp"

namespace warren::ping {

namespace {

Task<void> handle(Host* host, StreamPtr stream) {
  co_await answer(host->env().clock, std::move(stream));
}

Task<void> round_trip(ByteStream& stream, BytesView payload) {
  std::array<std::uint8_t, kPayloadSize> reply;
  co_await stream.write(payload);
  co_await read_exactly(stream, reply);
  if (!equal(reply, payload)) throw_error(Errc::kMalformed, "ping reply");
}

Task<void> say_goodbye(ByteStream& stream) {
  co_await stream.close_write();
  std::array<std::uint8_t, 1> rest;
  co_await stream.read_some(rest);
}

// The next ping, or 0 bytes when the peer has ended the stream.
Task<std::size_t> read_ping(ByteStream& stream, MutableBytes payload) {
  const std::size_t size = co_await stream.read_some(payload);
  if (size > 0) co_await read_exactly(stream, payload.subspan(size));
  co_return size;
}

}  // namespace

Task<void> answer(Clock& clock, StreamPtr stream) {
  std::array<std::uint8_t, kPayloadSize> payload;
  while (true) {
    const std::size_t size = co_await with_timeout(clock, kIdleTimeout, read_ping(*stream, payload));
    if (size == 0) break;
    co_await with_timeout(clock, kReplyTimeout, stream->write(payload));
  }
  co_await stream->close_write();
}

Task<Duration> ping(Env& env, ByteStream& stream) {
  const auto payload = env.random.bytes<kPayloadSize>();
  const Instant sent = env.clock.now();
  co_await with_timeout(env.clock, kReplyTimeout, round_trip(stream, payload));
  co_return env.clock.now() - sent;
}

Task<Duration> ping(Env& env, ConnectionPtr connection) {
  StreamPtr stream = co_await connection->open_stream(ProtocolId(kProtocol));
  const Duration round_trip_time = co_await ping(env, *stream);
  co_await as_result(with_timeout(env.clock, kGoodbyeTimeout, say_goodbye(*stream)));
  co_return round_trip_time;
}

void serve(Host& host) {
  host.handle(ProtocolId(kProtocol),
              [&host](ConnectionPtr, StreamPtr stream) { return handle(&host, std::move(stream)); });
}

}  // namespace warren::ping
