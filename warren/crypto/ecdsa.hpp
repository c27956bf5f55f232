// ECDSA with SHA-256 (FIPS 186-4) over the curves that libp2p keys use, and what is common to all keys on
// 256-bit curves. How each key type writes its keys down: key_secp256k1.hpp, key_ecdsa.hpp.
#pragma once

#include <array>
#include <memory>

#include "warren/base/bytes.hpp"
#include "warren/crypto/random.hpp"
#include "warren/crypto/secret.hpp"

struct evp_pkey_st;  // OpenSSL's EVP_PKEY; its headers stay in .cpp files

namespace warren {

enum class EcCurve { kSm2, kP256, kSecp256k1 };

inline constexpr std::size_t kEcCompressedSize = 33;
inline constexpr std::size_t kEcPointSize = 65;
using EcPoint = std::array<std::uint8_t, kEcPointSize>;  // SEC1, uncompressed: 04 X Y

// A point of the curve, checked. Copies share the imported key, and may verify on several threads at once.
class EcdsaPublicKey {
 public:
  // SEC1, compressed or not. kBadKey: another form, x >= p, not on the curve, infinity.
  static Result<EcdsaPublicKey> from_point(EcCurve curve, BytesView sec1);

  const EcPoint& point() const { return point_; }
  std::array<std::uint8_t, kEcCompressedSize> compressed() const;

  // Strict DER over SHA-256 of the message. Both s and n - s are taken: not all implementations write the
  // smaller one.
  bool verify(BytesView message, BytesView signature) const;

 private:
  EcdsaPublicKey(const EcPoint& point, std::shared_ptr<evp_pkey_st> key)
      : point_(point), key_(std::move(key)) {}

  EcPoint point_;
  std::shared_ptr<evp_pkey_st> key_;  // imported once
};

// The secret number d in [1, n-1]. Movable only; wiped when destroyed. May sign on several threads at once.
class EcdsaPrivateKey {
 public:
  static EcdsaPrivateKey generate(EcCurve curve, const RandomFill& random);
  // 32 bytes, big-endian. kBadKey when out of range.
  static Result<EcdsaPrivateKey> from_scalar(EcCurve curve, BytesView d);
  // kUnknownKeyType when it is on another curve; kBadKey.
  static Result<EcdsaPrivateKey> from_openssl(EcCurve curve, const evp_pkey_st* key);

  SecretBytes scalar() const;
  const EcdsaPublicKey& public_key() const { return public_key_; }
  const std::shared_ptr<evp_pkey_st>& to_openssl() const { return key_; }

  // Strict DER. Draws its nonce from OpenSSL's generator. On secp256k1 the smaller of s and n - s, as in
  // https://github.com/bitcoin/bips/blob/master/bip-0062.mediawiki: some refuse the other.
  Bytes sign(BytesView message) const;

 private:
  EcdsaPrivateKey(EcCurve curve, EcdsaPublicKey public_key, std::shared_ptr<evp_pkey_st> key)
      : curve_(curve), public_key_(std::move(public_key)), key_(std::move(key)) {}

  EcCurve curve_;
  EcdsaPublicKey public_key_;
  std::shared_ptr<evp_pkey_st> key_;  // holds d; wiped by OpenSSL
};

}  // namespace warren
