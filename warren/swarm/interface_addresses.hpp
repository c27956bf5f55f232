// From what we listen on to what others can dial: an unspecified host part (0.0.0.0, ::) becomes each address
// of this machine.
#pragma once

#include "warren/env/endpoint.hpp"
#include "warren/multiformats/multiaddr.hpp"

namespace warren {

// In the order of `listening`, for each in the order of `interfaces`, but loopback last; link-local addresses
// are left out, since they mean nothing without an interface's name. Never unspecified, none twice.
std::vector<Multiaddr> concrete_addresses(const std::vector<Multiaddr>& listening,
                                          const std::vector<IpAddress>& interfaces);

}  // namespace warren
