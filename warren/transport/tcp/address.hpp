// /ip4|ip6/<address>/tcp/<port> to and from an endpoint.
#pragma once

#include "warren/env/endpoint.hpp"
#include "warren/multiformats/multiaddr.hpp"

namespace warren::tcp {

// kBadAddress for anything but exactly an IP address and a TCP port.
Result<Endpoint> endpoint_of(const Multiaddr& address);

Multiaddr multiaddr_of(const Endpoint& endpoint);

}  // namespace warren::tcp
