// Test support: a protocol that says back what it hears, and who asks it.
#pragma once

#include "warren/core/host.hpp"

namespace warren {

inline constexpr std::string_view kEcho = "/echo/1.0.0";

inline Task<void> echo(StreamPtr stream) {
  std::array<std::uint8_t, 1024> buffer;
  while (const std::size_t size = co_await stream->read_some(buffer)) {
    co_await stream->write(BytesView(buffer).first(size));
  }
  co_await stream->close_write();
}

inline void serve_echo(Host& host) {
  host.handle(ProtocolId(kEcho), [](ConnectionPtr, StreamPtr stream) { return echo(std::move(stream)); });
}

inline Task<Bytes> ask_echo(ConnectionPtr connection, Bytes question) {
  StreamPtr stream = co_await connection->open_stream(ProtocolId(kEcho));
  co_await stream->write(question);
  co_await stream->close_write();
  auto answer = co_await read_to_end(*stream, 1 << 20);
  co_return answer;
}

}  // namespace warren
