// RSA as a libp2p key: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017).
// https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md#rsa
#pragma once

#include <memory>

#include "warren/base/bytes.hpp"
#include "warren/crypto/key_type.hpp"
#include "warren/crypto/random.hpp"
#include "warren/crypto/secret.hpp"

struct evp_pkey_st;

namespace warren {

// The same bounds as go-libp2p's. Below, keys can be broken; above, one verification costs a peer nothing and
// us seconds (CVE-2023-39533).
inline constexpr std::size_t kRsaBitsMin = 2048;
inline constexpr std::size_t kRsaBitsMax = 8192;

// Copies share the imported key, and may verify on several threads at once.
class RsaPublicKey {
 public:
  static constexpr KeyType kType = KeyType::kRsa;
  // SubjectPublicKeyInfo (RFC 3279) in strict DER, with the NULL that Go insists on. kBadKeySize: not 2048 to
  // 8192 bits, said from the encoding before anything is computed; kBadKey: all else, such as an even modulus
  // or an exponent that is even, under 3 or over 2^31.
  static Result<RsaPublicKey> from_data(BytesView data);

  Bytes data() const { return spki_; }
  bool verify(BytesView message, BytesView signature) const;

 private:
  friend class RsaPrivateKey;
  RsaPublicKey(Bytes spki, std::shared_ptr<evp_pkey_st> key) : spki_(std::move(spki)), key_(std::move(key)) {}
  static Result<RsaPublicKey> from_numbers(BytesView modulus, BytesView exponent);

  Bytes spki_;
  std::shared_ptr<evp_pkey_st> key_;
};

// Movable only; wiped when destroyed. May sign on several threads at once.
class RsaPrivateKey {
 public:
  static constexpr KeyType kType = KeyType::kRsa;
  // 2048 bits, from OpenSSL's own generator: `random` is not asked. Takes a tenth of a second.
  static RsaPrivateKey generate(const RandomFill& random);
  // RSAPrivateKey of PKCS #1 (RFC 8017 appendix A.1.2), two primes, in strict DER. Errors as for the public
  // key; kBadKey too when the numbers do not belong together.
  static Result<RsaPrivateKey> from_data(BytesView data);
  static Result<RsaPrivateKey> from_openssl(const evp_pkey_st* key);

  SecretBytes data() const { return SecretBytes(der_.view()); }
  std::shared_ptr<evp_pkey_st> to_openssl() const { return key_; }
  const RsaPublicKey& public_key() const { return public_key_; }
  Bytes sign(BytesView message) const;

 private:
  RsaPrivateKey(RsaPublicKey public_key, SecretBytes der, std::shared_ptr<evp_pkey_st> key)
      : public_key_(std::move(public_key)), der_(std::move(der)), key_(std::move(key)) {}

  RsaPublicKey public_key_;
  SecretBytes der_;
  std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace warren
