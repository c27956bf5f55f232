// QUIC's variable-length integer. RFC 9000, section 16
#pragma once

#include "warren/base/reader.hpp"

namespace warren::quic {

// Zero, and the reader has failed, when there are not enough bytes.
inline std::uint64_t read_integer(Reader& reader) {
  const std::uint8_t first = reader.u8();
  std::uint64_t value = first & 0x3f;
  const BytesView rest = reader.bytes((std::size_t{1} << (first >> 6)) - 1);
  for (const std::uint8_t byte : rest) value = value << 8 | byte;
  return reader.ok() ? value : 0;
}

}  // namespace warren::quic
