// SM2 signatures (GB/T 32918.2) with SM3, over the recommended 256-bit curve: the keys behind a NodeID.
// The user ID is always `1234567812345678`, set explicitly: libraries disagree about the default.
// Specification in English: draft-shen-sm2-ecdsa, ISO/IEC 14888-3. Encodings: docs/wire.md.
#pragma once

#include <array>
#include <memory>

#include "warren/base/bytes.hpp"
#include "warren/crypto/ec_signature.hpp"
#include "warren/crypto/hash.hpp"
#include "warren/crypto/random.hpp"
#include "warren/crypto/secret.hpp"

struct evp_pkey_st;  // OpenSSL's EVP_PKEY; its headers stay in .cpp files

namespace warren {

inline constexpr std::string_view kSm2UserId = "1234567812345678";
inline constexpr std::size_t kSm2KeySize = 33;
inline constexpr std::size_t kSm2UncompressedSize = 65;
inline constexpr std::size_t kSm2SignatureSize = kEcSignatureSize;

using Sm2Signature = EcSignature;  // r || s

// What is signed under a domain: varint(size of domain) || domain || message. Domains keep a signature that
// was made for one purpose from being shown for another.
Bytes with_domain(std::string_view domain, BytesView message);

// A point of the curve, checked. Copies share the imported key, and may verify on several threads at once.
class Sm2PublicKey {
 public:
  // SEC1, compressed (33 bytes) or uncompressed (65). kBadKey: another length or form, x >= p, not on the
  // curve, infinity.
  static Result<Sm2PublicKey> from_compressed(BytesView bytes);
  static Result<Sm2PublicKey> from_uncompressed(BytesView bytes);
  // 91 bytes, the canonical SubjectPublicKeyInfo with an uncompressed point; any other encoding is kBadKey.
  static Result<Sm2PublicKey> from_spki(BytesView der);

  const std::array<std::uint8_t, kSm2KeySize>& compressed() const { return compressed_; }
  const std::array<std::uint8_t, kSm2UncompressedSize>& uncompressed() const { return uncompressed_; }
  Bytes to_spki() const;

  // Plain SM2 over the message, without a domain (what libp2p messages carry).
  bool verify(BytesView message, BytesView signature) const;
  // The same over with_domain(domain, message). A signature that has not 64 bytes is false.
  bool verify(std::string_view domain, BytesView message, BytesView signature) const;

  // ZA of GB/T 32918.2 section 5.5: the hash of user ID, curve and key that precedes every message.
  const Digest& za() const { return za_; }

  bool operator==(const Sm2PublicKey& other) const { return compressed_ == other.compressed_; }
  auto operator<=>(const Sm2PublicKey& other) const { return compressed_ <=> other.compressed_; }

 private:
  friend class Sm2PrivateKey;
  Sm2PublicKey() = default;
  static Result<Sm2PublicKey> from_point(BytesView sec1);

  std::array<std::uint8_t, kSm2KeySize> compressed_{};
  std::array<std::uint8_t, kSm2UncompressedSize> uncompressed_{};
  Digest za_{};
  std::shared_ptr<evp_pkey_st> key_;  // imported once: that costs a quarter of a verification
};

// The secret number d in [1, n-2]. Movable only; wiped when destroyed. May sign on several threads at once.
class Sm2PrivateKey {
 public:
  static Sm2PrivateKey generate(const RandomFill& random);
  // 32 bytes, big-endian. kBadKey when out of range.
  static Result<Sm2PrivateKey> from_scalar(BytesView d);
  // kUnknownKeyType when it is no SM2 key; kBadKey.
  static Result<Sm2PrivateKey> from_openssl(const evp_pkey_st* key);

  SecretBytes scalar() const;
  const Sm2PublicKey& public_key() const { return public_key_; }
  const std::shared_ptr<evp_pkey_st>& to_openssl() const { return key_; }

  // Draws its nonce from OpenSSL's generator: signing the same twice gives two signatures.
  Sm2Signature sign(BytesView message) const;
  Sm2Signature sign(std::string_view domain, BytesView message) const;

 private:
  Sm2PrivateKey() = default;

  Sm2PublicKey public_key_;
  std::shared_ptr<evp_pkey_st> key_;  // holds d; wiped by OpenSSL
};

}  // namespace warren
