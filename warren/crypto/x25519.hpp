// X25519 key agreement (RFC 7748).
#pragma once

#include <array>

#include "warren/base/bytes.hpp"
#include "warren/crypto/random.hpp"
#include "warren/crypto/secret.hpp"

namespace warren {

inline constexpr std::size_t kX25519Size = 32;

using X25519PublicKey = std::array<std::uint8_t, kX25519Size>;

// Movable only; wiped when destroyed.
class X25519PrivateKey {
 public:
  static X25519PrivateKey generate(const RandomFill& random);
  // Any 32 bytes.
  explicit X25519PrivateKey(std::span<const std::uint8_t, kX25519Size> secret);

  const X25519PublicKey& public_key() const { return public_key_; }
  // kBadKey when the result is all zero: the other key then is one of a few points that make every secret the
  // same.
  Result<SecretBytes> shared_secret(std::span<const std::uint8_t, kX25519Size> other) const;

 private:
  SecretBytes secret_;
  X25519PublicKey public_key_{};
};

}  // namespace warren
