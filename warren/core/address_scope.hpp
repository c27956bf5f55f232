// How far an IP address reaches, as dialing needs to know it.
#pragma once

#include <optional>

#include "warren/env/endpoint.hpp"
#include "warren/multiformats/multiaddr.hpp"

namespace warren {

enum class AddressScope {
  kUndialable,  // unspecified, multicast, broadcast; IPv6 link-local, which needs a zone; ::ffff:192.0.2.1
  kLoopback,
  kPrivate,  // RFC 1918, unique local, 100.64.0.0/10 (carriers' NAT), 169.254.0.0/16 (link-local)
  kPublic,   // all others; that includes the ranges for documentation, in which simulations live
};

AddressScope scope_of(const IpAddress& ip);

// Of the IP address that the multiaddr begins with (for a relayed one: the relay's); std::nullopt when it
// begins with something else.
std::optional<AddressScope> scope_of(const Multiaddr& address);

}  // namespace warren
