// Test support: addresses and bytes from text, peers from a number.
#pragma once

#include "warren/core/ip_address.hpp"
#include "warren/crypto/peer_id.hpp"
#include "warren/crypto/testing.hpp"
#include "warren/multiformats/multiaddr.hpp"

namespace warren::testing {

inline Multiaddr address(std::string_view text) {
  return value_or_throw(Multiaddr::parse(text), std::string(text));
}

inline IpAddress ip(std::string_view text) {
  return value_or_throw(IpAddress::parse(text), std::string(text));
}

// The same number is the same key.
inline PrivateKey key_of(std::uint8_t number) {
  return value_or_throw(PrivateKey::from_ed25519_seed(Bytes(32, number)));
}
inline PeerId peer_of(std::uint8_t number) {
  return PeerId::from_public_key(key_of(number).public_key());
}

// Somebody whose key nobody has, which takes no time to make: for tests that need many.
inline PeerId keyless_peer(std::uint32_t number) {
  Bytes multihash = {0x12, 0x20};  // SHA-256, 32 bytes
  multihash.resize(34, 0x5a);
  for (std::size_t i = 0; i < 4; ++i) multihash[2 + i] = static_cast<std::uint8_t>(number >> (8 * i));
  return value_or_throw(PeerId::from_bytes(multihash));
}

}  // namespace warren::testing
