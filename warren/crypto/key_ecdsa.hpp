// ECDSA on P-256 as a libp2p key.
// https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md#ecdsa
#pragma once

#include "warren/crypto/ecdsa.hpp"
#include "warren/crypto/key_type.hpp"

namespace warren {

class P256PublicKey {
 public:
  static constexpr KeyType kType = KeyType::kEcdsa;
  // The 91-byte SubjectPublicKeyInfo (RFC 5480) with an uncompressed point, the one form that Go reads as
  // well. kUnknownKeyType: another curve; kBadKey: anything else.
  static Result<P256PublicKey> from_data(BytesView data);

  Bytes data() const;
  bool verify(BytesView message, BytesView signature) const { return key_.verify(message, signature); }

 private:
  friend class P256PrivateKey;
  explicit P256PublicKey(EcdsaPublicKey key) : key_(std::move(key)) {}

  EcdsaPublicKey key_;
};

class P256PrivateKey {
 public:
  static constexpr KeyType kType = KeyType::kEcdsa;
  static P256PrivateKey generate(const RandomFill& random);
  // The 121-byte ECPrivateKey (RFC 5915) with curve and point, as libp2p's implementations write it.
  static Result<P256PrivateKey> from_data(BytesView data);
  static Result<P256PrivateKey> from_openssl(const evp_pkey_st* key);

  SecretBytes data() const;
  std::shared_ptr<evp_pkey_st> to_openssl() const { return key_.to_openssl(); }
  P256PublicKey public_key() const { return P256PublicKey(key_.public_key()); }
  Bytes sign(BytesView message) const { return key_.sign(message); }

 private:
  explicit P256PrivateKey(EcdsaPrivateKey key) : key_(std::move(key)) {}

  EcdsaPrivateKey key_;
};

}  // namespace warren
