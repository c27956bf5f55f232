#include "warren/crypto/x25519.hpp"

#include "warren/base/assert.hpp"
#include "warren/crypto/sodium.hpp"

namespace warren {

X25519PrivateKey X25519PrivateKey::generate(const RandomFill& random) {
  SecretBytes secret(kX25519Size);
  random(secret.writable());
  return X25519PrivateKey(secret.view().first<kX25519Size>());
}

X25519PrivateKey::X25519PrivateKey(std::span<const std::uint8_t, kX25519Size> secret)
    : secret_(BytesView(secret)) {
  init_sodium();
  const int failed = crypto_scalarmult_base(public_key_.data(), secret_.view().data());
  WARREN_ASSERT(failed == 0);
}

Result<SecretBytes> X25519PrivateKey::shared_secret(std::span<const std::uint8_t, kX25519Size> other) const {
  SecretBytes shared(kX25519Size);
  if (crypto_scalarmult(shared.writable().data(), secret_.view().data(), other.data()) != 0) {
    return fail(Errc::kBadKey);
  }
  return shared;
}

}  // namespace warren
