// Unsigned varint of multiformats: 7 bits a byte, least significant first, at most 9 bytes (63 bits), minimal
// encoding only. https://github.com/multiformats/unsigned-varint
#pragma once

#include <cstddef>
#include <cstdint>

#include "warren/base/bytes.hpp"

namespace warren {

inline constexpr std::size_t kVarintSizeMax = 9;
inline constexpr std::uint64_t kVarintMax = (std::uint64_t{1} << 63) - 1;

struct Varint {
  std::uint64_t value = 0;
  std::size_t size = 0;  // bytes it took
};

// Reads one varint from the front of `bytes`. kTruncated: more bytes are needed (fewer than 9 so far);
// kTooLarge: over 63 bits; kNotMinimal: a trailing zero group.
Result<Varint> decode_varint(BytesView bytes);

// Precondition: value <= kVarintMax.
void append_varint(Bytes& to, std::uint64_t value);
std::size_t varint_size(std::uint64_t value);

}  // namespace warren
