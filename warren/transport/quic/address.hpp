// /ip4|ip6/<address>/udp/<port>/quic-v1 to and from an endpoint.
#pragma once

#include "warren/env/endpoint.hpp"
#include "warren/multiformats/multiaddr.hpp"

namespace warren::quic {

// kBadAddress for anything but exactly an IP address, a UDP port and QUIC version 1.
Result<Endpoint> endpoint_of(const Multiaddr& address);

Multiaddr multiaddr_of(const Endpoint& endpoint);

}  // namespace warren::quic
