#include "warren/security/noise/cipher_state.hpp"

#include "warren/base/assert.hpp"

namespace warren::noise {

Result<> CipherState::seal(BytesView associated, BytesView plaintext, MutableBytes to) {
  WARREN_ASSERT(to.size() == plaintext.size() + kTagSize);
  if (nonce_ == kNonceMax) return fail(Errc::kLimitReached);
  aead_.seal(counter_nonce(nonce_++), associated, plaintext, to.data());
  return {};
}

Result<> CipherState::open(BytesView associated, BytesView sealed, MutableBytes to) {
  WARREN_ASSERT(sealed.size() == to.size() + kTagSize);
  if (nonce_ == kNonceMax) return fail(Errc::kLimitReached);
  if (!aead_.open(counter_nonce(nonce_), associated, sealed, to.data())) return fail(Errc::kDecryptFailed);
  ++nonce_;
  return {};
}

}  // namespace warren::noise
