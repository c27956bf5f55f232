// Test support: addresses written as text, and peers by number.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "warren/core/host.hpp"

namespace warren {

inline IpAddress ip(std::string_view text) {
  return value_or_throw(IpAddress::parse(text), std::string(text));
}

inline Multiaddr address(std::string_view text) {
  return value_or_throw(Multiaddr::parse(text), std::string(text));
}

inline std::vector<Multiaddr> addresses(const std::vector<std::string>& texts) {
  std::vector<Multiaddr> result;
  for (const std::string& text : texts) result.push_back(address(text));
  return result;
}

// Where the first address of a peer leads: an IP and a port.
inline Endpoint endpoint_of(const PeerInfo& peer) {
  const auto components = peer.addresses.front().components();
  return {value_or_throw(IpAddress::from_bytes(components[0].value)), components[1].port()};
}

// The nth of many different peers, whose keys nobody knows.
inline PeerId peer(std::size_t n) {
  Bytes multihash(34);
  multihash[0] = 0x12;  // sha2-256
  multihash[1] = 0x20;
  multihash[2] = static_cast<std::uint8_t>(n >> 16);
  multihash[3] = static_cast<std::uint8_t>(n >> 8);
  multihash[4] = static_cast<std::uint8_t>(n);
  return value_or_throw(PeerId::from_bytes(multihash));
}

// The peer whose key is made from this byte.
inline PeerId peer_of_seed(std::uint8_t seed) {
  const auto key =
      PrivateKey::generate(KeyType::kEd25519, [&](MutableBytes to) { std::ranges::fill(to, seed); });
  return PeerId::from_public_key(key.public_key());
}

}  // namespace warren
