// The networks that an IP address lies in: what is counted, limited or mixed by owner goes by these.
#pragma once

#include "warren/env/endpoint.hpp"

namespace warren {

// The address with the bits after the prefix zero. Precondition: the prefix is not longer than the address.
IpAddress masked(const IpAddress& address, unsigned prefix_bits);

// What one owner is taken to have: an IPv4 /24, an IPv6 /48.
IpAddress site_of(const IpAddress& address);

// Two whose addresses differ in this are taken to be with different operators: an IPv4 /16, an IPv6 /32.
IpAddress operator_network_of(const IpAddress& address);

}  // namespace warren
