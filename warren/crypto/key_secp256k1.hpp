// secp256k1 as a libp2p key: ECDSA with SHA-256, written as Bitcoin does.
// https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md#secp256k1
#pragma once

#include "warren/crypto/ecdsa.hpp"
#include "warren/crypto/key_type.hpp"

namespace warren {

class Secp256k1PublicKey {
 public:
  static constexpr KeyType kType = KeyType::kSecp256k1;
  // 33 bytes, a compressed point. Go reads the uncompressed form too, but never writes it: a key would have
  // two PeerIDs.
  static Result<Secp256k1PublicKey> from_data(BytesView data);

  Bytes data() const;
  bool verify(BytesView message, BytesView signature) const { return key_.verify(message, signature); }

 private:
  friend class Secp256k1PrivateKey;
  explicit Secp256k1PublicKey(EcdsaPublicKey key) : key_(std::move(key)) {}

  EcdsaPublicKey key_;
};

class Secp256k1PrivateKey {
 public:
  static constexpr KeyType kType = KeyType::kSecp256k1;
  static Secp256k1PrivateKey generate(const RandomFill& random);
  // 32 bytes.
  static Result<Secp256k1PrivateKey> from_data(BytesView data);
  static Result<Secp256k1PrivateKey> from_openssl(const evp_pkey_st* key);

  SecretBytes data() const { return key_.scalar(); }
  std::shared_ptr<evp_pkey_st> to_openssl() const { return key_.to_openssl(); }
  Secp256k1PublicKey public_key() const { return Secp256k1PublicKey(key_.public_key()); }
  Bytes sign(BytesView message) const { return key_.sign(message); }

 private:
  explicit Secp256k1PrivateKey(EcdsaPrivateKey key) : key_(std::move(key)) {}

  EcdsaPrivateKey key_;
};

}  // namespace warren
