#include "warren/base/varint.hpp"

#include "warren/base/assert.hpp"

namespace warren {

Result<Varint> decode_varint(BytesView bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < kVarintSizeMax; ++i) {
    if (i == bytes.size()) return fail(Errc::kTruncated);
    value |= std::uint64_t{bytes[i] & 0x7fu} << (7 * i);
    if (bytes[i] & 0x80) continue;
    if (bytes[i] == 0 && i > 0) return fail(Errc::kNotMinimal);
    return Varint{value, i + 1};
  }
  return fail(Errc::kTooLarge);
}

void append_varint(Bytes& to, std::uint64_t value) {
  WARREN_ASSERT(value <= kVarintMax);
  while (value >= 0x80) {
    to.push_back(static_cast<std::uint8_t>(value | 0x80));
    value >>= 7;
  }
  to.push_back(static_cast<std::uint8_t>(value));
}

std::size_t varint_size(std::uint64_t value) {
  std::size_t size = 1;
  while (value >>= 7) ++size;
  return size;
}

}  // namespace warren
