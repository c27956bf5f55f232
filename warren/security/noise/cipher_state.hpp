// One key and a counter of nonces: CipherState of the Noise Protocol Framework, revision 34, section 5.1,
// with ChaChaPoly. https://noiseprotocol.org/noise.html#the-cipherstate-object
#pragma once

#include <cstdint>
#include <limits>

#include "warren/crypto/aead.hpp"

namespace warren::noise {

inline constexpr std::size_t kKeySize = kAeadKeySize;
inline constexpr std::size_t kTagSize = kAeadTagSize;

class CipherState {
 public:
  // Reserved by section 5.1: the nonce that never encrypts a message.
  static constexpr std::uint64_t kNonceMax = std::numeric_limits<std::uint64_t>::max();

  explicit CipherState(std::span<const std::uint8_t, kKeySize> key) : aead_(key) {}

  // EncryptWithAd. `to` has plaintext.size() + kTagSize bytes and may begin where the plaintext does; other
  // overlaps are not allowed. kLimitReached: all nonces are used.
  Result<> seal(BytesView associated, BytesView plaintext, MutableBytes to);

  // DecryptWithAd. `to` has sealed.size() - kTagSize bytes and may begin where `sealed` does. kDecryptFailed:
  // not what the other side sealed next; the nonce stays, `to` holds nothing of use. kLimitReached as above.
  Result<> open(BytesView associated, BytesView sealed, MutableBytes to);

  // Section 5.1's SetNonce. Never go back: a nonce used twice gives the key away.
  void set_nonce(std::uint64_t nonce) { nonce_ = nonce; }
  std::uint64_t nonce() const { return nonce_; }

 private:
  ChaCha20Poly1305 aead_;
  std::uint64_t nonce_ = 0;
};

}  // namespace warren::noise
