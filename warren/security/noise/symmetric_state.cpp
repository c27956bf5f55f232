#include "warren/security/noise/symmetric_state.hpp"

#include <algorithm>

#include "warren/base/assert.hpp"
#include "warren/crypto/hkdf.hpp"

namespace warren::noise {

namespace {

constexpr std::size_t kHashSize = 32;

// HKDF of section 4.3 with two outputs: RFC 5869 with an empty info.
SecretBytes two_keys(BytesView chaining_key, BytesView input) {
  SecretBytes keys(2 * kHashSize);
  hkdf_sha256(chaining_key, input, {}, keys.writable());
  return keys;
}

}  // namespace

SymmetricState::SymmetricState(std::string_view protocol_name) {
  if (protocol_name.size() <= kHashSize) {
    std::ranges::copy(as_bytes(protocol_name), hash_.begin());
  } else {
    hash_ = sha256(as_bytes(protocol_name));
  }
  chaining_key_ = SecretBytes(BytesView(hash_));
}

void SymmetricState::mix_key(BytesView input) {
  const SecretBytes keys = two_keys(chaining_key_.view(), input);
  chaining_key_ = SecretBytes(keys.view().first<kHashSize>());
  cipher_.emplace(keys.view().last<kHashSize>());
}

void SymmetricState::mix_hash(BytesView bytes) {
  Bytes both = to_bytes(hash_);
  append(both, bytes);
  hash_ = sha256(both);
}

void SymmetricState::encrypt_and_hash(BytesView plaintext, Bytes& message) {
  const std::size_t start = message.size();
  message.resize(start + plaintext.size() + overhead());
  const MutableBytes added = MutableBytes(message).subspan(start);
  if (cipher_) {
    const auto sealed = cipher_->seal(hash_, plaintext, added);
    WARREN_ASSERT(sealed);  // each key of a handshake seals a message or two
  } else {
    std::ranges::copy(plaintext, added.begin());
  }
  mix_hash(added);
}

Result<Bytes> SymmetricState::decrypt_and_hash(BytesView sealed) {
  if (sealed.size() < overhead()) return fail(Errc::kTruncated);
  Bytes plaintext(sealed.size() - overhead());
  if (cipher_) {
    if (const auto opened = cipher_->open(hash_, sealed, plaintext); !opened) return fail(opened.error());
  } else {
    std::ranges::copy(sealed, plaintext.begin());
  }
  mix_hash(sealed);
  return plaintext;
}

std::pair<CipherState, CipherState> SymmetricState::split() const {
  const SecretBytes keys = two_keys(chaining_key_.view(), {});
  return {CipherState(keys.view().first<kHashSize>()), CipherState(keys.view().last<kHashSize>())};
}

}  // namespace warren::noise
