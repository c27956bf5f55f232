// Ed25519 (RFC 8032) as a libp2p key.
// https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md#ed25519
#pragma once

#include <array>
#include <memory>

#include "warren/base/bytes.hpp"
#include "warren/crypto/key_type.hpp"
#include "warren/crypto/random.hpp"
#include "warren/crypto/secret.hpp"

struct evp_pkey_st;

namespace warren {

class Ed25519PublicKey {
 public:
  static constexpr KeyType kType = KeyType::kEd25519;
  // 32 bytes, else kBadKey. Bytes that are no point of the curve verify nothing.
  static Result<Ed25519PublicKey> from_data(BytesView data);

  Bytes data() const { return {bytes_.begin(), bytes_.end()}; }
  // 64 bytes, checked strictly: s below the order, no points of low order.
  bool verify(BytesView message, BytesView signature) const;

 private:
  std::array<std::uint8_t, 32> bytes_{};
};

class Ed25519PrivateKey {
 public:
  static constexpr KeyType kType = KeyType::kEd25519;
  static Ed25519PrivateKey generate(const RandomFill& random);
  static Result<Ed25519PrivateKey> from_seed(BytesView seed);
  // 64 bytes seed || public key, or the old 96 with the public key twice. kBadKey when it is not the seed's.
  static Result<Ed25519PrivateKey> from_data(BytesView data);
  static Result<Ed25519PrivateKey> from_openssl(const evp_pkey_st* key);

  SecretBytes data() const { return SecretBytes(bytes_.view()); }
  std::shared_ptr<evp_pkey_st> to_openssl() const;
  Ed25519PublicKey public_key() const;
  Bytes sign(BytesView message) const;

 private:
  Ed25519PrivateKey() = default;

  SecretBytes bytes_;  // seed || public key
};

}  // namespace warren
