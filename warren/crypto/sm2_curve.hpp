// The recommended curve of GB/T 32918.5 (sm2p256v1), through OpenSSL: checking points and numbers, importing
// keys. For the sm2 files of this folder.
#pragma once

#include <array>

#include "warren/crypto/hash.hpp"
#include "warren/crypto/openssl.hpp"

namespace warren::sm2 {

// SEC1, uncompressed: 04 X Y.
using Point = std::array<std::uint8_t, 65>;

// 33 bytes beginning with 02 or 03, or 65 beginning with 04, of a point on the curve; else kBadKey.
Result<Point> decode_point(BytesView sec1);
std::array<std::uint8_t, 33> compress(const Point& point);

// 32 bytes, big-endian, in [1, n-2]. n-1 is excluded because signing divides by d + 1.
bool valid_scalar(BytesView d);
// d times the base point, in constant time. Precondition: valid_scalar(d).
Point multiply_base(BytesView d);

// The hash of user ID, curve and key that stands before every message (GB/T 32918.2 section 5.5).
Digest za(const Point& key);

// An OpenSSL key of type "SM2": one of type "EC" on this curve would sign ECDSA. `d` is empty for a public
// key.
openssl::Key import_key(const Point& point, BytesView d);

}  // namespace warren::sm2
