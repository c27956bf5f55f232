// A keyed hash of 64 bits for tables (SipHash-2-4): who does not know the key can't find two values that fall
// together. https://doc.libsodium.org/hashing/short-input_hashing
#pragma once

#include <array>
#include <cstdint>

#include "warren/base/bytes.hpp"

namespace warren {

using ShortHashKey = std::array<std::uint8_t, 16>;

std::uint64_t short_hash(const ShortHashKey& key, BytesView bytes);

}  // namespace warren
