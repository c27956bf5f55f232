// This machine's network cards and their addresses, as the kernel lists them. getifaddrs(3).
#pragma once

#include "warren/env/network.hpp"

namespace warren::real {

// As Network::interface_addresses.
std::vector<IpAddress> all_addresses();

// As Network::interfaces.
std::vector<NetworkInterface> all_interfaces();

}  // namespace warren::real
