#include "warren/crypto/key_ed25519.hpp"

#include <algorithm>

#include "warren/base/assert.hpp"
#include "warren/crypto/openssl.hpp"
#include "warren/crypto/sodium.hpp"

namespace warren {
namespace {

constexpr std::size_t kSeedSize = crypto_sign_SEEDBYTES;
constexpr std::size_t kPublicSize = crypto_sign_PUBLICKEYBYTES;
constexpr std::size_t kSecretSize = crypto_sign_SECRETKEYBYTES;  // seed || public key

}  // namespace

Result<Ed25519PublicKey> Ed25519PublicKey::from_data(BytesView data) {
  if (data.size() != kPublicSize) return fail(Errc::kBadKey);
  Ed25519PublicKey key;
  std::ranges::copy(data, key.bytes_.begin());
  return key;
}

bool Ed25519PublicKey::verify(BytesView message, BytesView signature) const {
  init_sodium();
  return signature.size() == crypto_sign_BYTES &&
         crypto_sign_verify_detached(signature.data(), sodium_data(message), message.size(), bytes_.data()) ==
             0;
}

Ed25519PrivateKey Ed25519PrivateKey::generate(const RandomFill& random) {
  SecretBytes seed(kSeedSize);
  random(seed.writable());
  return std::move(*from_seed(seed.view()));
}

Result<Ed25519PrivateKey> Ed25519PrivateKey::from_seed(BytesView seed) {
  if (seed.size() != kSeedSize) return fail(Errc::kBadKey);
  init_sodium();
  Ed25519PrivateKey key;
  key.bytes_ = SecretBytes(kSecretSize);
  std::array<std::uint8_t, kPublicSize> public_bytes;
  crypto_sign_seed_keypair(public_bytes.data(), key.bytes_.writable().data(), seed.data());
  return key;
}

Result<Ed25519PrivateKey> Ed25519PrivateKey::from_data(BytesView data) {
  if (data.size() != kSecretSize && data.size() != kSecretSize + kPublicSize) return fail(Errc::kBadKey);
  auto key = from_seed(data.first(kSeedSize));
  // Signing with a public key that is not the seed's would give the seed away, so each copy has to be right.
  for (BytesView copies = data.subspan(kSeedSize); !copies.empty(); copies = copies.subspan(kPublicSize)) {
    if (!equal(copies.first(kPublicSize), key->bytes_.view().last(kPublicSize))) return fail(Errc::kBadKey);
  }
  return key;
}

Result<Ed25519PrivateKey> Ed25519PrivateKey::from_openssl(const evp_pkey_st* key) {
  if (EVP_PKEY_is_a(key, "ED25519") != 1) return fail(Errc::kUnknownKeyType);
  SecretBytes seed(kSeedSize);
  std::size_t size = seed.size();
  if (EVP_PKEY_get_raw_private_key(key, seed.writable().data(), &size) != 1) return fail(Errc::kBadKey);
  return from_seed(seed.view());
}

std::shared_ptr<evp_pkey_st> Ed25519PrivateKey::to_openssl() const {
  EVP_PKEY* key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes_.view().data(), kSeedSize);
  WARREN_ASSERT(key != nullptr);
  return {key, EVP_PKEY_free};
}

Ed25519PublicKey Ed25519PrivateKey::public_key() const {
  return *Ed25519PublicKey::from_data(bytes_.view().last(kPublicSize));
}

Bytes Ed25519PrivateKey::sign(BytesView message) const {
  Bytes signature(crypto_sign_BYTES);
  crypto_sign_detached(signature.data(), nullptr, sodium_data(message), message.size(), bytes_.view().data());
  return signature;
}

}  // namespace warren
