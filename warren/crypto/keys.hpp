// Keys as libp2p knows them: what a PeerID is derived from, and what signs handshakes and records.
// https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md; type 0x40, SM2, is ours (docs/wire.md).
// What each type does and how it is written is in its own file, key_<type>.hpp.
#pragma once

#include <variant>

#include "warren/base/bytes.hpp"
#include "warren/crypto/key_ecdsa.hpp"
#include "warren/crypto/key_ed25519.hpp"
#include "warren/crypto/key_rsa.hpp"
#include "warren/crypto/key_secp256k1.hpp"
#include "warren/crypto/key_sm2.hpp"
#include "warren/crypto/key_type.hpp"
#include "warren/crypto/random.hpp"
#include "warren/crypto/secret.hpp"

namespace warren {

// A valid public key. Cheap to copy; safe to use on several threads at once.
class PublicKey {
 public:
  // The PublicKey message: 08 type 12 size data. Only the canonical encoding is a key (kMalformed otherwise),
  // since the bytes are hashed into the PeerID, and of the data only the one form that to_protobuf() writes.
  // kUnknownKeyType: a type, or an ECDSA curve, that is not among KeyType's; kBadKeySize: RSA of less than
  // 2048 or more than 8192 bits, refused before anything is computed with it; kBadKey: bad data.
  static Result<PublicKey> from_protobuf(BytesView bytes);
  // 32 bytes, RFC 8032 section 5.1.2. Only the size is checked.
  static Result<PublicKey> from_ed25519(BytesView raw);
  static PublicKey from_sm2(Sm2PublicKey key);

  Bytes to_protobuf() const;
  KeyType type() const;
  // The data field of the message. Ed25519: 32 bytes; secp256k1: 33 bytes, compressed SEC1; ECDSA, RSA and
  // SM2: SubjectPublicKeyInfo in DER.
  Bytes data() const;
  // The SM2 form; null for another type. Lives as long as this key.
  const Sm2PublicKey* sm2() const;

  // Ed25519: 64 bytes, RFC 8032. secp256k1, ECDSA: strict DER over SHA-256. RSA: PKCS #1 v1.5 with SHA-256.
  // SM2: strict DER over the plain message. Anything else is false.
  bool verify(BytesView message, BytesView signature) const;

  bool operator==(const PublicKey& other) const { return type() == other.type() && data() == other.data(); }

 private:
  friend class PrivateKey;
  using Key =
      std::variant<Ed25519PublicKey, Secp256k1PublicKey, P256PublicKey, RsaPublicKey, Sm2PeerPublicKey>;
  explicit PublicKey(Key key) : key_(std::move(key)) {}

  Key key_;
};

// Movable only; wiped when destroyed. May sign on several threads at once.
class PrivateKey {
 public:
  // Precondition: a type that KeyType names. RSA keys have 2048 bits and do not follow from `random`.
  static PrivateKey generate(KeyType type, const RandomFill& random);
  // The PrivateKey message, canonical. Ed25519 data: 64 bytes seed || public key, or the old 96 bytes with
  // the public key twice. secp256k1, SM2: 32 bytes. ECDSA: ECPrivateKey (RFC 5915). RSA: RSAPrivateKey (RFC
  // 8017). kBadKey when the public key inside is not the private one's; otherwise as for public keys.
  static Result<PrivateKey> from_protobuf(BytesView bytes);
  // 32-byte seed, RFC 8032.
  static Result<PrivateKey> from_ed25519_seed(BytesView seed);
  static PrivateKey from_sm2(Sm2PrivateKey key);
  // kUnknownKeyType, kBadKeySize, kBadKey.
  static Result<PrivateKey> from_openssl(const evp_pkey_st* key);

  SecretBytes to_protobuf() const;
  // The key as OpenSSL has it, to sign with it or to write it down.
  std::shared_ptr<evp_pkey_st> to_openssl() const;
  KeyType type() const { return public_key_.type(); }
  const PublicKey& public_key() const { return public_key_; }
  // The SM2 form; null for another type. Lives as long as this key.
  const Sm2PrivateKey* sm2() const;

  // What PublicKey::verify() takes. Ed25519 and RSA signatures of a message are always the same.
  Bytes sign(BytesView message) const;

 private:
  using Key =
      std::variant<Ed25519PrivateKey, Secp256k1PrivateKey, P256PrivateKey, RsaPrivateKey, Sm2PeerPrivateKey>;
  explicit PrivateKey(Key key);

  Key key_;
  PublicKey public_key_;
};

}  // namespace warren
