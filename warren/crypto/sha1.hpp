// SHA-1 (FIPS 180-4), for the one place where a standard still asks for it: the answer of a WebSocket's
// handshake, which is no secret and proves nothing (RFC 6455, section 4.2.2). Never for a signature.
#pragma once

#include <array>

#include "warren/base/bytes.hpp"

namespace warren {

std::array<std::uint8_t, 20> sha1(BytesView bytes);

}  // namespace warren
