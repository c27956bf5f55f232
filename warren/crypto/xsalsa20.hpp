// The XSalsa20 key stream (Bernstein, "Extending the Salsa20 nonce", 2011), as one long stream. It hides, and
// protects nothing: whoever uses it has another layer that authenticates.
#pragma once

#include <array>
#include <span>

#include "warren/base/bytes.hpp"
#include "warren/crypto/secret.hpp"

namespace warren {

inline constexpr std::size_t kXSalsa20KeySize = 32;
inline constexpr std::size_t kXSalsa20NonceSize = 24;

class XSalsa20 {
 public:
  XSalsa20(std::span<const std::uint8_t, kXSalsa20KeySize> key,
           std::span<const std::uint8_t, kXSalsa20NonceSize> nonce);

  // Encrypts or decrypts (the same thing) the next bytes of the stream in place.
  void apply(MutableBytes bytes);

 private:
  static constexpr std::size_t kBlock = 64;

  SecretBytes key_;
  std::array<std::uint8_t, kXSalsa20NonceSize> nonce_;
  std::uint64_t block_ = 0;   // of the next byte
  std::size_t in_block_ = 0;  // its offset there
};

}  // namespace warren
