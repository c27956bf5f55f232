// SM2 as a libp2p key: type 0x40, for networks in which the PeerID comes from the SM2 key (docs/wire.md).
#pragma once

#include "warren/crypto/key_type.hpp"
#include "warren/crypto/sm2.hpp"

namespace warren {

class Sm2PeerPublicKey {
 public:
  static constexpr KeyType kType = KeyType::kSm2;
  explicit Sm2PeerPublicKey(Sm2PublicKey key) : key_(std::move(key)) {}
  // The 91-byte SubjectPublicKeyInfo with an uncompressed point; anything else is kBadKey.
  static Result<Sm2PeerPublicKey> from_data(BytesView data);

  Bytes data() const { return key_.to_spki(); }
  // Strict DER over the plain message.
  bool verify(BytesView message, BytesView signature) const;
  const Sm2PublicKey& sm2() const { return key_; }

 private:
  Sm2PublicKey key_;
};

class Sm2PeerPrivateKey {
 public:
  static constexpr KeyType kType = KeyType::kSm2;
  explicit Sm2PeerPrivateKey(Sm2PrivateKey key) : key_(std::move(key)) {}
  static Sm2PeerPrivateKey generate(const RandomFill& random);
  // 32 bytes, d.
  static Result<Sm2PeerPrivateKey> from_data(BytesView data);
  static Result<Sm2PeerPrivateKey> from_openssl(const evp_pkey_st* key);

  SecretBytes data() const { return key_.scalar(); }
  std::shared_ptr<evp_pkey_st> to_openssl() const { return key_.to_openssl(); }
  Sm2PeerPublicKey public_key() const { return Sm2PeerPublicKey(key_.public_key()); }
  Bytes sign(BytesView message) const;
  const Sm2PrivateKey& sm2() const { return key_; }

 private:
  Sm2PrivateKey key_;
};

}  // namespace warren
