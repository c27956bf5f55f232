// Test support: addresses of peers, from text; and the values of core/test_values.hpp by their short names.
#pragma once

#include <string>
#include <vector>

#include "warren/core/host.hpp"
#include "warren/core/test_values.hpp"

namespace warren {

using testing::address;
using testing::ip;
using testing::keyless_peer;
using testing::peer_of;

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

}  // namespace warren
