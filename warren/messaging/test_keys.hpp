// Test support: fixed keys and times, and messages made of them.
#pragma once

#include "warren/messaging/binding.hpp"
#include "warren/messaging/envelope.hpp"

namespace warren::test {

// GB/T 32918.5 A.2.
inline Sm2PrivateKey sm2_key() {
  return value_or_throw(Sm2PrivateKey::from_scalar(
      *from_hex("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8")));
}

// The keys d = 1000 + number.
inline Sm2PrivateKey sm2_key(std::uint8_t number) {
  Bytes scalar(32);
  scalar[30] = 3;
  scalar[31] = static_cast<std::uint8_t>(0xe8 + number);
  return value_or_throw(Sm2PrivateKey::from_scalar(scalar));
}

// Ed25519 of the seed 0, 0, 0, ..., number.
inline PrivateKey peer_key(std::uint8_t number = 1) {
  Bytes seed(32);
  seed[31] = number;
  return value_or_throw(PrivateKey::from_ed25519_seed(seed));
}

inline constexpr WallTime kNow{
    std::chrono::milliseconds(1'767'225'600'000)};  // 2026-01-01, as in simulations

inline Binding binding() {
  return {.network = "main",
          .node = NodeId(sm2_key().public_key()),
          .peer_key = peer_key().public_key(),
          .serial = 1'767'225'600'000,
          .not_before = kNow,
          .not_after = kNow + std::chrono::days(7)};
}

inline Header header() {
  Header header{.sender = sm2_key().public_key().compressed(),
                .recipient = sm2_key(1).public_key().compressed(),
                .context = make_context("main", "/warren/message/1.0.0"),
                .timestamp = kNow,
                .seq = 1};
  for (std::size_t i = 0; i < header.nonce.size(); ++i) header.nonce[i] = static_cast<std::uint8_t>(i);
  for (std::size_t i = 0; i < header.epoch.size(); ++i) header.epoch[i] = static_cast<std::uint8_t>(0xf0 + i);
  return header;
}

}  // namespace warren::test
