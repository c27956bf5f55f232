// yamux frames: a 12-byte header, followed by `length` bytes in data frames only. Fields are big-endian.
//
//    0         1      2                4                              8                              12
//   +---------+------+----------------+------------------------------+------------------------------+
//   | version | type |     flags      |          stream id           |            length            |
//   +---------+------+----------------+------------------------------+------------------------------+
//
//   type 0  data            length: of the bytes that follow
//        1  window update   length: how many more bytes the receiver may send (with RST: go's code of the
//        reason) 2  ping            length: any value; SYN asks, ACK answers with the same value; stream 0 3
//        go away         length: GoAwayCode; stream 0
//
// https://github.com/libp2p/specs/blob/master/yamux/README.md
#pragma once

#include <cstdint>
#include <span>

#include "warren/base/bytes.hpp"

namespace warren::yamux {

using StreamId = std::uint32_t;

inline constexpr std::size_t kHeaderSize = 12;

enum class FrameType : std::uint8_t { kData = 0, kWindowUpdate = 1, kPing = 2, kGoAway = 3 };

inline constexpr std::uint16_t kSyn = 0x1;  // opens the stream
inline constexpr std::uint16_t kAck = 0x2;  // accepts it
inline constexpr std::uint16_t kFin = 0x4;  // ends the sender's half
inline constexpr std::uint16_t kRst = 0x8;  // ends both halves at once

enum class GoAwayCode : std::uint32_t { kNormal = 0, kProtocolError = 1, kInternalError = 2 };

struct Header {
  FrameType type = FrameType::kData;
  std::uint16_t flags = 0;
  StreamId stream_id = 0;
  std::uint32_t length = 0;

  bool has(std::uint16_t flag) const { return (flags & flag) != 0; }
  bool operator==(const Header&) const = default;
};

// Strict: kUnsupported for another version than 0; kMalformed for an unknown type, an unknown flag, a stream
// frame for stream 0, a session frame for another one, or a ping that is neither question nor answer.
Result<Header> decode_header(std::span<const std::uint8_t, kHeaderSize> bytes);

void append_header(Bytes& to, const Header& header);

}  // namespace warren::yamux
