#include "warren/muxer/yamux/frame.hpp"

#include "warren/base/reader.hpp"

namespace warren::yamux {

Result<Header> decode_header(std::span<const std::uint8_t, kHeaderSize> bytes) {
  Reader reader(bytes);
  const std::uint8_t version = reader.u8();
  const std::uint8_t type = reader.u8();
  const std::uint16_t flags = reader.u16();
  const StreamId stream_id = reader.u32();
  const std::uint32_t length = reader.u32();

  if (version != 0) return fail(Errc::kUnsupported);
  if (type > static_cast<std::uint8_t>(FrameType::kGoAway)) return fail(Errc::kMalformed);
  if (flags & ~(kSyn | kAck | kFin | kRst)) return fail(Errc::kMalformed);
  const Header header{static_cast<FrameType>(type), flags, stream_id, length};
  const bool of_stream = header.type == FrameType::kData || header.type == FrameType::kWindowUpdate;
  if (of_stream != (stream_id != 0)) return fail(Errc::kMalformed);
  if (header.type == FrameType::kPing && flags != kSyn && flags != kAck) return fail(Errc::kMalformed);
  return header;
}

void append_header(Bytes& to, const Header& header) {
  const auto byte = [](std::uint32_t value, int shift) { return static_cast<std::uint8_t>(value >> shift); };
  const std::uint8_t bytes[kHeaderSize] = {
      0,
      static_cast<std::uint8_t>(header.type),
      byte(header.flags, 8),
      byte(header.flags, 0),
      byte(header.stream_id, 24),
      byte(header.stream_id, 16),
      byte(header.stream_id, 8),
      byte(header.stream_id, 0),
      byte(header.length, 24),
      byte(header.length, 16),
      byte(header.length, 8),
      byte(header.length, 0),
  };
  append(to, bytes);
}

}  // namespace warren::yamux
