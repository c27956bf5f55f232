// HMAC (RFC 2104) and HKDF (RFC 5869), both with SHA-256.
#pragma once

#include "warren/base/bytes.hpp"
#include "warren/crypto/hash.hpp"

namespace warren {

Digest hmac_sha256(BytesView key, BytesView message);

// Extract and expand: fills `out`, at most 255 * 32 bytes. `out` may be cut into several keys.
void hkdf_sha256(BytesView salt, BytesView input_key, BytesView info, MutableBytes out);

}  // namespace warren
