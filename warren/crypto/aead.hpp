// ChaCha20-Poly1305 (RFC 8439): encrypts and authenticates records under one key with a fresh nonce each.
#pragma once

#include <array>

#include "warren/base/bytes.hpp"
#include "warren/crypto/secret.hpp"

namespace warren {

inline constexpr std::size_t kAeadKeySize = 32;
inline constexpr std::size_t kAeadTagSize = 16;

using AeadNonce = std::array<std::uint8_t, 12>;

// Four zero bytes, then the counter in little-endian order, as Noise (section 12.3) numbers its records.
AeadNonce counter_nonce(std::uint64_t counter);

// One key. It costs its 32 bytes: what OpenSSL computes in is shared by all keys of a thread. Movable. Not
// for several threads at once.
class ChaCha20Poly1305 {
 public:
  explicit ChaCha20Poly1305(std::span<const std::uint8_t, kAeadKeySize> key) : key_(BytesView(key)) {}

  // Writes plaintext.size() + kAeadTagSize bytes to `out`, which may begin where the plaintext does (in
  // place); otherwise the two must not overlap. A nonce must never be used twice with a key.
  void seal(const AeadNonce& nonce, BytesView additional, BytesView plaintext, std::uint8_t* out);

  // Writes sealed.size() - kAeadTagSize bytes to `out`, which may begin where `sealed` does. False when it is
  // not what was sealed under this key, nonce and additional data; `out` then holds nothing of use.
  [[nodiscard]] bool open(const AeadNonce& nonce, BytesView additional, BytesView sealed, std::uint8_t* out);

 private:
  SecretBytes key_;
};

}  // namespace warren
