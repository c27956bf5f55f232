// The 256-bit curves of this node's keys, through OpenSSL: checking points and numbers, importing keys, and
// signing digests. For the .cpp files of this folder.
#pragma once

#include <array>

#include "warren/crypto/ec_signature.hpp"
#include "warren/crypto/ecdsa.hpp"
#include "warren/crypto/hash.hpp"
#include "warren/crypto/openssl.hpp"
#include "warren/crypto/random.hpp"
#include "warren/crypto/secret.hpp"

namespace warren::ec {

// 33 bytes beginning with 02 or 03, or 65 beginning with 04, of a point on the curve; else kBadKey.
Result<EcPoint> decode_point(EcCurve curve, BytesView sec1);
std::array<std::uint8_t, kEcCompressedSize> compress(const EcPoint& point);

// 32 bytes, big-endian, in [1, n-1]; for SM2 in [1, n-2], because signing divides by d + 1.
bool valid_scalar(EcCurve curve, BytesView d);
SecretBytes random_scalar(EcCurve curve, const RandomFill& random);
// d times the base point, in constant time. Precondition: valid_scalar(curve, d).
EcPoint multiply_base(EcCurve curve, BytesView d);

// An OpenSSL key: of type "SM2" on that curve, where one of type "EC" would sign ECDSA; else of type "EC".
// `d` is empty for a public key.
openssl::Key import_key(EcCurve curve, const EcPoint& point, BytesView d);
// Whether this key is one that import_key makes for the curve.
bool is_on(EcCurve curve, const EVP_PKEY* key);
// The parts of a key for which is_on() holds. kBadKey when they are not valid, or when the point is not that
// of the number.
Result<EcPoint> point_of(EcCurve curve, const EVP_PKEY* key);
Result<SecretBytes> scalar_of(EcCurve curve, const EVP_PKEY* key);

// ECDSA or SM2, as the key's type is. Any number of threads may use one key.
bool verify(EVP_PKEY* key, const Digest& digest, const EcSignature& signature);
EcSignature sign(EVP_PKEY* key, const Digest& digest);

}  // namespace warren::ec
