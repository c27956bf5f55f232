// For this folder's tests: a server's end with a bare pipe before it, and the bytes that a client would send.
#pragma once

#include <doctest/doctest.h>

#include <string>

#include "warren/async/as_result.hpp"
#include "warren/async/task_group.hpp"
#include "warren/sim/pipe.hpp"
#include "warren/sim/world.hpp"
#include "warren/transport/websocket/accepted_pipe.hpp"

namespace warren::websocket::test {

// The request of RFC 6455, section 1.2, as far as it matters, and the answer's value from there.
inline const std::string kRequest =
    "GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://example.com\r\n"
    "Sec-WebSocket-Protocol: chat, superchat\r\nSec-WebSocket-Version: 13\r\n\r\n";
inline const std::string kAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

constexpr Mask kMask = {0x37, 0xfa, 0x21, 0x3d};

// A frame with this first byte; the client's are masked.
inline Bytes frame(std::uint8_t first, BytesView payload, bool masked = true) {
  const auto mask = masked ? std::optional(kMask) : std::nullopt;
  const Header header = encode_header(static_cast<Opcode>(first & 0x0f), payload.size(), mask);
  Bytes bytes = to_bytes(header.bytes());
  bytes[0] = first;
  append(bytes, payload);
  const MutableBytes copy = MutableBytes(bytes).subspan(header.size);
  if (masked) apply_mask(copy, copy, kMask, 0);
  return bytes;
}
inline Bytes frame(std::uint8_t first, std::string_view payload, bool masked = true) {
  return frame(first, as_bytes(payload), masked);
}
inline Bytes operator+(Bytes a, const Bytes& b) {
  append(a, b);
  return a;
}

// What arrives until nothing more does for a second, or the end; with "!" behind it when that is a reset,
// with "." when it is a clean end.
inline Task<std::string> hear(Clock& clock, ByteStream& pipe) {
  std::string text;
  Bytes piece(1000);
  while (true) {
    const auto size = co_await as_result(with_timeout(clock, 1s, pipe.read_some(piece)));
    if (!size && size.error() == Errc::kTimedOut) co_return text;
    if (!size) co_return text + "!";
    if (*size == 0) co_return text + ".";
    text += as_text(BytesView(piece).first(*size));
  }
}

inline Task<void> hear_into(std::string& text, Clock& clock, ByteStream& pipe) {
  text = co_await hear(clock, pipe);
}

inline Task<void> say(ByteStream& pipe, Bytes bytes) {
  co_await pipe.write(bytes);
}
inline Task<void> say_in_pieces(ByteStream& pipe, Bytes bytes, std::size_t size) {
  for (std::size_t at = 0; at < bytes.size(); at += size)
    co_await pipe.write(BytesView(bytes).subspan(at, std::min(size, bytes.size() - at)));
}

inline Task<std::string> read_text(ByteStream& stream) {
  Bytes buffer(100'000);
  const std::size_t size = co_await stream.read_some(buffer);
  co_return to_text(BytesView(buffer).first(size));
}

struct ServerTest {
  explicit ServerTest(std::size_t buffer = 256 * 1024) {
    auto ends = sim::pipe(world.loop(), {.buffer = buffer});
    peer = std::move(ends.first);
    server = std::make_unique<AcceptedPipe>(std::move(ends.second), nullptr, BufferPool(), machine.env());
  }
  void start() {
    world.run(say(*peer, to_bytes(kRequest)));
    world.run(server->write(BytesView()));
    CHECK(world.run(hear(world.clock(), *peer)).starts_with("HTTP/1.1 101 "));
  }
  std::string heard() { return world.run(hear(world.clock(), *peer)); }
  std::error_code read_error() {
    const auto text = world.run(as_result(read_text(*server)));
    return text ? std::error_code() : text.error();
  }
  // The same, with what the peer hears meanwhile.
  std::error_code read_error(std::string& heard_meanwhile) {
    TaskGroup group(world.loop().executor(), "test");
    group.spawn(hear_into(heard_meanwhile, world.clock(), *peer));
    const auto error = read_error();
    world.run(group.join());
    return error;
  }

  sim::World world{3};
  sim::Machine& machine = world.add_machine("server");
  StreamPtr peer;
  std::unique_ptr<ByteStream> server;
};

}  // namespace warren::websocket::test
