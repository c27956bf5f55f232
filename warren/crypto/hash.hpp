// Hash functions with 32-byte results: SHA-256 (FIPS 180-4) and SM3 (GB/T 32905).
#pragma once

#include <array>

#include "warren/base/bytes.hpp"

namespace warren {

using Digest = std::array<std::uint8_t, 32>;

Digest sha256(BytesView bytes);
Digest sm3(BytesView bytes);

}  // namespace warren
