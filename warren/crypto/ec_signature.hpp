// Signatures over 256-bit curves (ECDSA and SM2): two numbers, and the two ways to write them.
#pragma once

#include <array>

#include "warren/base/bytes.hpp"

namespace warren {

inline constexpr std::size_t kEcSignatureSize = 64;
using EcSignature = std::array<std::uint8_t, kEcSignatureSize>;  // r || s, 32 bytes each, big-endian

// Strict DER, SEQUENCE { INTEGER r, INTEGER s }, to and from r || s. Reading refuses any encoding but the
// shortest one (kMalformed), and numbers over 32 bytes; whether 0 < r, s < n is decided by verification.
Bytes ec_signature_to_der(const EcSignature& signature);
Result<EcSignature> ec_signature_from_der(BytesView der);

}  // namespace warren
