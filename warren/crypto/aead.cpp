#include "warren/crypto/aead.hpp"

#include <algorithm>

#include "warren/base/assert.hpp"
#include "warren/crypto/openssl.hpp"

namespace warren {
namespace {

// A context takes 1.4 KB, and setting a key in it next to nothing: so a thread has one for all its keys,
// which idle connections need not pay for. In fact two, because turning one round from sealing to opening is
// what takes long. The key of the last record stays in it until the next one.
EVP_CIPHER_CTX* make_context(bool encrypt) {
  static const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "ChaCha20-Poly1305", nullptr);
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  const int ok = EVP_CipherInit_ex2(context, cipher, nullptr, nullptr, encrypt, nullptr);
  WARREN_ASSERT(ok == 1);
  return context;
}

EVP_CIPHER_CTX* sealing() {
  thread_local const openssl::CipherContext context(make_context(true));
  return context.get();
}

EVP_CIPHER_CTX* opening() {
  thread_local const openssl::CipherContext context(make_context(false));
  return context.get();
}

int checked_size(BytesView bytes) {
  WARREN_ASSERT(bytes.size() < (1u << 30));
  return static_cast<int>(bytes.size());
}

// OpenSSL takes an absent output for additional data; it wants a pointer even to nothing.
void update(EVP_CIPHER_CTX* context, std::uint8_t* out, BytesView in) {
  int written = 0;
  const int ok = in.empty() ? 1 : EVP_CipherUpdate(context, out, &written, in.data(), checked_size(in));
  WARREN_ASSERT(ok == 1);
}

void start(EVP_CIPHER_CTX* context, BytesView key, const AeadNonce& nonce, BytesView additional) {
  const int ok = EVP_CipherInit_ex2(context, nullptr, key.data(), nonce.data(), -1, nullptr);
  WARREN_ASSERT(ok == 1);
  update(context, nullptr, additional);
}

}  // namespace

AeadNonce counter_nonce(std::uint64_t counter) {
  AeadNonce nonce{};
  for (std::size_t i = 0; i < 8; ++i) nonce[4 + i] = static_cast<std::uint8_t>(counter >> (8 * i));
  return nonce;
}

void ChaCha20Poly1305::seal(const AeadNonce& nonce, BytesView additional, BytesView plaintext,
                            std::uint8_t* out) {
  EVP_CIPHER_CTX* context = sealing();
  start(context, key_.view(), nonce, additional);
  update(context, out, plaintext);
  std::uint8_t* tag = out + plaintext.size();
  int written = 0;
  const int ok = EVP_CipherFinal_ex(context, tag, &written) == 1 &&
                 EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kAeadTagSize, tag) == 1;
  WARREN_ASSERT(ok && written == 0);
}

bool ChaCha20Poly1305::open(const AeadNonce& nonce, BytesView additional, BytesView sealed,
                            std::uint8_t* out) {
  if (sealed.size() < kAeadTagSize) return false;
  const BytesView ciphertext = sealed.first(sealed.size() - kAeadTagSize);
  std::array<std::uint8_t, kAeadTagSize> tag;  // OpenSSL's interface wants it writable
  std::ranges::copy(sealed.last(kAeadTagSize), tag.begin());

  const openssl::ErrorScope errors;
  EVP_CIPHER_CTX* context = opening();
  start(context, key_.view(), nonce, additional);
  const int ok = EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kAeadTagSize, tag.data());
  WARREN_ASSERT(ok == 1);
  update(context, out, ciphertext);
  int written = 0;
  std::uint8_t unused[kAeadTagSize];
  return EVP_CipherFinal_ex(context, unused, &written) == 1;
}

}  // namespace warren
