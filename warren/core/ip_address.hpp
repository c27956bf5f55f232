// The IP address that a multiaddr begins with, if it does.
#pragma once

#include <optional>

#include "warren/env/endpoint.hpp"
#include "warren/multiformats/multiaddr.hpp"

namespace warren {

std::optional<IpAddress> ip_address_of(const Multiaddr& address);

// Of use on this machine only.
bool is_loopback(const Multiaddr& address);

}  // namespace warren
