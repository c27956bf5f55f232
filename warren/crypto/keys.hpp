// Keys as libp2p knows them: what a PeerID is derived from, and what signs handshakes and records.
// https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md; type 0x40, SM2, is ours (docs/wire.md).
#pragma once

#include <optional>

#include "warren/base/bytes.hpp"
#include "warren/crypto/random.hpp"
#include "warren/crypto/secret.hpp"
#include "warren/crypto/sm2.hpp"

namespace warren {

// Values are those of the KeyType field on the wire. This node holds and verifies Ed25519 and SM2; the others
// are known by name only, so that their PeerIDs can be read and the refusal can say why.
enum class KeyType : std::uint64_t { kRsa = 0, kEd25519 = 1, kSecp256k1 = 2, kEcdsa = 3, kSm2 = 0x40 };

std::string_view name_of(KeyType type);

// A valid public key of a supported type. Cheap to copy; safe to use on several threads at once.
class PublicKey {
 public:
  // The PublicKey message: 08 type 12 size data. Only the canonical encoding is a key (kMalformed otherwise),
  // since the bytes are hashed into the PeerID. kUnknownKeyType: RSA, secp256k1, ECDSA and whatever else;
  // kBadKey: bad data.
  static Result<PublicKey> from_protobuf(BytesView bytes);
  // 32 bytes, RFC 8032 section 5.1.2. Only the size is checked: bytes that are no point of the curve verify
  // nothing.
  static Result<PublicKey> from_ed25519(BytesView raw);
  static PublicKey from_sm2(Sm2PublicKey key);

  Bytes to_protobuf() const;
  KeyType type() const { return type_; }
  // Ed25519: 32 bytes. SM2: 33 bytes, compressed SEC1.
  const Bytes& raw() const { return raw_; }
  // The SM2 form; null for another type. Lives as long as this key.
  const Sm2PublicKey* sm2() const { return sm2_ ? &*sm2_ : nullptr; }

  // Ed25519: 64-byte signature, RFC 8032. SM2: strict DER over the plain message. Anything else is false.
  bool verify(BytesView message, BytesView signature) const;

  bool operator==(const PublicKey& other) const { return type_ == other.type_ && raw_ == other.raw_; }

 private:
  PublicKey(KeyType type, Bytes raw) : type_(type), raw_(std::move(raw)) {}

  KeyType type_;
  Bytes raw_;
  std::optional<Sm2PublicKey> sm2_;
};

// Movable only; wiped when destroyed.
class PrivateKey {
 public:
  // Precondition: a supported type.
  static PrivateKey generate(KeyType type, const RandomFill& random);
  // The PrivateKey message, canonical. Ed25519 data: 64 bytes seed || public key, or the old 96 bytes with
  // the public key twice. SM2 data: 32 bytes, d. kBadKey when the public key is not that of the seed.
  static Result<PrivateKey> from_protobuf(BytesView bytes);
  // 32-byte seed, RFC 8032.
  static Result<PrivateKey> from_ed25519_seed(BytesView seed);
  static PrivateKey from_sm2(Sm2PrivateKey key);

  SecretBytes to_protobuf() const;
  KeyType type() const { return public_key_.type(); }
  const PublicKey& public_key() const { return public_key_; }
  // Ed25519: the 32-byte seed. SM2: d.
  SecretBytes secret() const;
  // The SM2 form; null for another type. Lives as long as this key.
  const Sm2PrivateKey* sm2() const { return sm2_ ? &*sm2_ : nullptr; }

  // Ed25519: 64 bytes. SM2: strict DER, 70 to 72 bytes mostly.
  Bytes sign(BytesView message) const;

 private:
  explicit PrivateKey(PublicKey public_key) : public_key_(std::move(public_key)) {}

  PublicKey public_key_;
  SecretBytes ed25519_;  // seed || public key
  std::optional<Sm2PrivateKey> sm2_;
};

}  // namespace warren
