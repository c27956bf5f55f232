// WebSocket's frames, without I/O: what a pipe carries, and the bytes of binary messages that are in it.
// https://www.rfc-editor.org/rfc/rfc6455#section-5.2
//
//   | FIN 1, reserved 3, opcode 4 | mask? 1, size 7 | more size: 0, 2 or 8 bytes | mask: 0 or 4 | payload |
//
// Only the client's frames are masked. Messages may be cut into frames, with control frames in between.
// libp2p gives messages no meaning: their bytes, one after the other, are the stream.
#pragma once

#include <array>
#include <optional>

#include "warren/base/bytes.hpp"

namespace warren::websocket {

enum class Opcode : std::uint8_t {
  kContinuation = 0,
  kText = 1,
  kBinary = 2,
  kClose = 8,
  kPing = 9,
  kPong = 10,
};

inline constexpr std::size_t kHeaderSizeMax = 14;
inline constexpr std::size_t kControlSizeMax = 125;  // section 5.5
// Of a message. Nothing is kept, so only who counts wrongly, or plays with us, has a larger one: others send
// one for each of their writes, of some 100 KiB at most.
inline constexpr std::uint64_t kMessageSizeMax = 16 * 1024 * 1024;

using Mask = std::array<std::uint8_t, 4>;

// Why a WebSocket is closed (section 7.4.1).
enum class CloseCode : std::uint16_t {
  kNormal = 1000,
  kGoingAway = 1001,
  kProtocolError = 1002,
  kUnacceptable = 1003,
  kNone = 1005,  // never sent: the close frame has no code
  kPolicy = 1008,
  kTooLarge = 1009,
};

// The header of a whole frame; the mask is the client's.
struct Header {
  std::array<std::uint8_t, kHeaderSizeMax> memory;
  std::size_t size = 0;
  BytesView bytes() const { return BytesView(memory).first(size); }
};
Header encode_header(Opcode opcode, std::size_t payload_size, const std::optional<Mask>& mask);

// from[i] ^ mask[(offset + i) % 4] to to[i]. `to` has from's size, and may overlap it from below.
void apply_mask(MutableBytes to, BytesView from, const Mask& mask, std::size_t offset);

class FrameReader {
 public:
  // Whether the peer's frames are masked: who reads is the server.
  explicit FrameReader(bool masked) : masked_(masked) {}

  // Takes what came off the pipe, in any pieces, and moves what belongs to messages, unmasked, to the front
  // of `bytes`; returns its size. After the peer's close frame, what comes is ignored. What came before
  // something bad is returned first; the error repeats:
  //   kMalformed     against the rules: reserved bits or opcodes, masked or not, sizes, fragments;
  //   kUnsupported   text;
  //   kTooLarge      a message over kMessageSizeMax.
  Result<std::size_t> read(MutableBytes bytes);

  // What the last ping said, which is to be answered with a pong.
  const std::optional<Bytes>& ping() const { return ping_; }
  std::optional<Bytes> take_ping() { return std::exchange(ping_, std::nullopt); }
  // Why the peer closed, once its close frame is there.
  const std::optional<CloseCode>& closed() const { return closed_; }
  // How many frames there were, since this was called last, that carried nothing.
  std::size_t take_idle_frames() { return std::exchange(idle_frames_, 0); }

 private:
  std::size_t header_size_needed() const;
  Result<> begin_frame();
  Result<> end_frame();
  Result<> end_close();
  std::size_t take_payload(MutableBytes to, MutableBytes from);

  const bool masked_;
  std::array<std::uint8_t, kHeaderSizeMax> header_{};
  std::size_t header_size_ = 0;  // so much of the header is there
  bool in_payload_ = false;
  Opcode opcode_ = Opcode::kContinuation;
  bool last_ = false;  // frame of its message
  Mask mask_{};
  std::uint64_t payload_size_ = 0;
  std::uint64_t payload_taken_ = 0;
  bool in_message_ = false;
  std::uint64_t message_size_ = 0;
  Bytes control_;  // the payload of a control frame
  std::optional<Bytes> ping_;
  std::optional<CloseCode> closed_;
  std::size_t idle_frames_ = 0;
  std::error_code failure_;
};

}  // namespace warren::websocket
