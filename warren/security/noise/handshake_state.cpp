#include "warren/security/noise/handshake_state.hpp"

#include <algorithm>

#include "warren/base/assert.hpp"
#include "warren/base/reader.hpp"

namespace warren::noise {

// Each message is a row of tokens, which both sides go through in the same order. A shared secret is named
// for the initiator's key, then the responder's.
enum class HandshakeState::Token { kE, kS, kEe, kEs, kSe };

std::span<const HandshakeState::Token> HandshakeState::tokens(int message) {
  static constexpr Token kFirst[] = {Token::kE};
  static constexpr Token kSecond[] = {Token::kE, Token::kEe, Token::kS, Token::kEs};
  static constexpr Token kThird[] = {Token::kS, Token::kSe};
  switch (message) {
    case 0: return kFirst;
    case 1: return kSecond;
    default: return kThird;
  }
}

HandshakeState::HandshakeState(Side side, const X25519PrivateKey& static_key, X25519PrivateKey ephemeral_key,
                               BytesView prologue)
    : side_(side), static_key_(static_key), ephemeral_key_(std::move(ephemeral_key)) {
  symmetric_.mix_hash(prologue);
}

Result<> HandshakeState::write_message(BytesView payload, Bytes& message) {
  WARREN_ASSERT(!complete() && my_turn());
  const std::size_t start = message.size();
  for (const Token token : tokens(messages_)) {
    if (token == Token::kE) {
      append(message, ephemeral_key_.public_key());
      symmetric_.mix_hash(ephemeral_key_.public_key());
    } else if (token == Token::kS) {
      symmetric_.encrypt_and_hash(static_key_.public_key(), message);
    } else if (const auto mixed = mix_shared_secret(token); !mixed) {
      return fail(mixed.error());
    }
  }
  symmetric_.encrypt_and_hash(payload, message);
  WARREN_ASSERT(message.size() - start <= kHandshakeMessageMax);
  ++messages_;
  return {};
}

Result<Bytes> HandshakeState::read_message(BytesView message) {
  WARREN_ASSERT(!complete() && !my_turn());
  Reader reader(message);
  for (const Token token : tokens(messages_)) {
    Result<> done;
    if (token == Token::kE) {
      const BytesView key = reader.bytes(kX25519Size);
      std::ranges::copy(key, remote_ephemeral_.begin());
      symmetric_.mix_hash(key);
    } else if (token == Token::kS) {
      done = read_static(reader.bytes(kX25519Size + symmetric_.overhead()));
    } else {
      done = mix_shared_secret(token);
    }
    if (!reader.ok()) return fail(reader.error());
    if (!done) return fail(done.error());
  }
  auto payload = symmetric_.decrypt_and_hash(reader.rest());
  if (payload) ++messages_;
  return payload;
}

Result<> HandshakeState::read_static(BytesView sealed) {
  const auto key = symmetric_.decrypt_and_hash(sealed);
  if (!key) return fail(key.error());
  std::ranges::copy(*key, remote_static_.begin());
  remote_static_known_ = true;
  return {};
}

Result<> HandshakeState::mix_shared_secret(Token token) {
  const bool initiator = side_ == Side::kInitiator;
  const bool mine_is_static = token == (initiator ? Token::kSe : Token::kEs);
  const bool theirs_is_static = token == (initiator ? Token::kEs : Token::kSe);
  const X25519PrivateKey& mine = mine_is_static ? static_key_ : ephemeral_key_;
  const auto secret = mine.shared_secret(theirs_is_static ? remote_static_ : remote_ephemeral_);
  if (!secret) return fail(secret.error());
  symmetric_.mix_key(secret->view());
  return {};
}

const X25519PublicKey& HandshakeState::remote_static() const {
  WARREN_ASSERT(remote_static_known_);
  return remote_static_;
}

HandshakeState::Ciphers HandshakeState::split() const {
  WARREN_ASSERT(complete());
  auto [from_initiator, from_responder] = symmetric_.split();
  if (side_ == Side::kInitiator) return {std::move(from_initiator), std::move(from_responder)};
  return {std::move(from_responder), std::move(from_initiator)};
}

}  // namespace warren::noise
