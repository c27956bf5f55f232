// For tests: frames as bytes, and a session whose peer is a script.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "warren/muxer/yamux/session.hpp"

namespace warren::yamux {

inline Bytes frame(FrameType type, std::uint16_t flags, StreamId id, std::uint32_t length,
                   BytesView payload = {}) {
  Bytes bytes;
  append_header(bytes, {type, flags, id, length});
  append(bytes, payload);
  return bytes;
}

inline Bytes data(std::uint16_t flags, StreamId id, std::string_view text) {
  return frame(FrameType::kData, flags, id, static_cast<std::uint32_t>(text.size()), as_bytes(text));
}

inline Bytes window_update(std::uint16_t flags, StreamId id, std::uint32_t delta) {
  return frame(FrameType::kWindowUpdate, flags, id, delta);
}

inline Bytes ping(std::uint16_t flags, std::uint32_t value) {
  return frame(FrameType::kPing, flags, 0, value);
}

inline Bytes go_away(GoAwayCode code) {
  return frame(FrameType::kGoAway, 0, 0, static_cast<std::uint32_t>(code));
}

// What a session sends, frame by frame.
struct Sent {
  Header header;
  std::string text;  // the payload

  bool operator==(const Sent&) const = default;
};

inline std::vector<Sent> parse(BytesView bytes) {
  std::vector<Sent> frames;
  while (!bytes.empty()) {
    const Header header = decode_header(bytes.first<kHeaderSize>()).value();
    const std::size_t size = header.type == FrameType::kData ? header.length : 0;
    frames.push_back({header, to_text(bytes.subspan(kHeaderSize, size))});
    bytes = bytes.subspan(kHeaderSize + size);
  }
  return frames;
}

struct Scripted {
  explicit Scripted(Side side = Side::kResponder, const Limits& limits = {}) : session(side, limits, now) {}

  void receive(BytesView bytes) { session.receive(bytes, now); }

  std::vector<Sent> sent() {
    Bytes batch;
    session.take_output(batch);
    return parse(batch);
  }

  // The peer opens a stream, and it is accepted.
  StreamStatePtr accept(StreamId id) {
    receive(window_update(kSyn, id, 0));
    return session.accept();
  }

  std::string read(StreamState& stream, std::size_t size_max = 1'000'000) {
    std::string text(size_max, '\0');
    const MutableBytes to(reinterpret_cast<std::uint8_t*>(text.data()), text.size());
    text.resize(session.read(stream, to, now));
    return text;
  }

  Instant now{};
  Session session;
};

}  // namespace warren::yamux
