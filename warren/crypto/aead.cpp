#include "warren/crypto/aead.hpp"

#include <algorithm>

#include "warren/base/assert.hpp"
#include "warren/crypto/openssl.hpp"
#include "warren/crypto/secret.hpp"

namespace warren {
namespace {

// Two contexts, because turning one round from sealing to opening makes OpenSSL set up the key again.
openssl::CipherContext make_context(std::span<const std::uint8_t, kAeadKeySize> key, bool encrypt) {
  static const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "ChaCha20-Poly1305", nullptr);
  openssl::CipherContext context(EVP_CIPHER_CTX_new());
  const int ok = EVP_CipherInit_ex2(context.get(), cipher, key.data(), nullptr, encrypt, nullptr);
  WARREN_ASSERT(ok == 1);
  return context;
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

void start(EVP_CIPHER_CTX* context, const AeadNonce& nonce, BytesView additional) {
  const int ok = EVP_CipherInit_ex2(context, nullptr, nullptr, nonce.data(), -1, nullptr);
  WARREN_ASSERT(ok == 1);
  update(context, nullptr, additional);
}

}  // namespace

// A context takes a kilobyte, and a channel's key is used in one direction only: each is made when needed.
struct ChaCha20Poly1305::Cipher {
  explicit Cipher(std::span<const std::uint8_t, kAeadKeySize> key) : key_(BytesView(key)) {}

  EVP_CIPHER_CTX* sealing() { return made(seal_, true); }
  EVP_CIPHER_CTX* opening() { return made(open_, false); }

 private:
  EVP_CIPHER_CTX* made(openssl::CipherContext& context, bool encrypt) {
    if (!context) context = make_context(key_.view().first<kAeadKeySize>(), encrypt);
    return context.get();
  }

  SecretBytes key_;
  openssl::CipherContext seal_;
  openssl::CipherContext open_;
};

AeadNonce counter_nonce(std::uint64_t counter) {
  AeadNonce nonce{};
  for (std::size_t i = 0; i < 8; ++i) nonce[4 + i] = static_cast<std::uint8_t>(counter >> (8 * i));
  return nonce;
}

ChaCha20Poly1305::ChaCha20Poly1305(std::span<const std::uint8_t, kAeadKeySize> key)
    : cipher_(std::make_unique<Cipher>(key)) {}
ChaCha20Poly1305::~ChaCha20Poly1305() = default;
ChaCha20Poly1305::ChaCha20Poly1305(ChaCha20Poly1305&&) noexcept = default;
ChaCha20Poly1305& ChaCha20Poly1305::operator=(ChaCha20Poly1305&&) noexcept = default;

void ChaCha20Poly1305::seal(const AeadNonce& nonce, BytesView additional, BytesView plaintext,
                            std::uint8_t* out) {
  EVP_CIPHER_CTX* context = cipher_->sealing();
  start(context, nonce, additional);
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
  EVP_CIPHER_CTX* context = cipher_->opening();
  start(context, nonce, additional);
  const int ok = EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kAeadTagSize, tag.data());
  WARREN_ASSERT(ok == 1);
  update(context, out, ciphertext);
  int written = 0;
  std::uint8_t unused[kAeadTagSize];
  return EVP_CipherFinal_ex(context, unused, &written) == 1;
}

}  // namespace warren
