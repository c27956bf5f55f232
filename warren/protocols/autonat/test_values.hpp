// Test support: peers, networks and addresses by number.
#pragma once

#include <string>

#include "warren/core/ip_address.hpp"
#include "warren/protocols/autonat/reachability.hpp"

namespace warren::autonat {

inline PeerId peer_number(std::uint8_t number) {
  const Bytes multihash = {0x00, 0x04, 1, 2, 3, number};
  return value_or_throw(PeerId::from_bytes(multihash));
}

// A public /16 of its own for each.
inline IpAddress network_number(std::uint8_t number) {
  return IpAddress::v4({198, number, 0, 0});
}

// A v2 server in a network of its own, that we have not sent anything to.
inline Candidate server_number(std::uint8_t number) {
  return {.peer = peer_number(number), .network = network_number(number)};
}

inline Report says(std::uint8_t number, Finding finding, bool from_stranger = true) {
  return {.finding = finding,
          .by = peer_number(number),
          .network = network_number(number),
          .from_stranger = from_stranger};
}

inline Verdict verdict_on(const ReachabilityBook& book, const Multiaddr& address, Instant now) {
  for (const OwnAddress& row : book.addresses(now)) {
    if (row.address == address) return row.verdict;
  }
  return Verdict::kUnknown;
}

}  // namespace warren::autonat
