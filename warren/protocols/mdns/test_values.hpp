// Test support: peers and addresses.
#pragma once

#include <algorithm>
#include <string>

#include "warren/crypto/peer_id.hpp"
#include "warren/env/endpoint.hpp"

namespace warren::mdns {

// The same number is the same peer.
inline PeerId test_peer(std::uint8_t number) {
  const auto seeded = [number](MutableBytes to) { std::ranges::fill(to, number); };
  return PeerId::from_public_key(PrivateKey::generate(KeyType::kEd25519, seeded).public_key());
}

inline Multiaddr address(const std::string& text) {
  return value_or_throw(Multiaddr::parse(text), text);
}

inline IpAddress ip(const std::string& text) {
  return value_or_throw(IpAddress::parse(text), text);
}

}  // namespace warren::mdns
