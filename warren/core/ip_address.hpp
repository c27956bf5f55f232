// The IP address and port that a multiaddr begins with, if it does.
#pragma once

#include <optional>

#include "warren/env/endpoint.hpp"
#include "warren/multiformats/multiaddr.hpp"

namespace warren {

std::optional<IpAddress> ip_address_of(const Multiaddr& address);

// /ip4|ip6/<address>/<transport>/<port> and what follows; `transport`: kTcp or kUdp.
std::optional<Endpoint> endpoint_of(const Multiaddr& address, Protocol transport);
Multiaddr multiaddr_of(const Endpoint& endpoint, Protocol transport);

// Of use on this machine only.
bool is_loopback(const Multiaddr& address);

}  // namespace warren
