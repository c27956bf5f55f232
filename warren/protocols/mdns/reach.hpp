// Which addresses mean something on a network card: ours to those who are there, and theirs to us.
#pragma once

#include <vector>

#include "warren/env/network.hpp"
#include "warren/multiformats/multiaddr.hpp"

namespace warren::mdns {

// Those of our addresses that are the card's. None of relays, nor loopback and link-local ones.
std::vector<Multiaddr> addresses_at(const NetworkInterface& interface, const std::vector<Multiaddr>& ours);

// Those of a neighbor's addresses that lead nowhere but to the networks around us, or to the machine that
// sent them: private ones, and those in the network of one of the card's (the same 24 bits of IPv4, 64 of
// IPv6). Otherwise one packet could make all nodes of a network dial whoever it names.
std::vector<Multiaddr> addresses_near(const NetworkInterface& interface, const IpAddress& source,
                                      std::vector<Multiaddr> theirs);

}  // namespace warren::mdns
