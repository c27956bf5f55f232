// Where this node listens, on interfaces of its own: what others see of it is compared with that.
#pragma once

#include <vector>

#include "warren/core/host.hpp"

namespace warren::autonat {

// Of the host's addresses those whose IP an interface has; without /p2p, and without circuits. What is
// announced besides is not among them.
std::vector<Multiaddr> listening_addresses(const Host& host, Network& network);

}  // namespace warren::autonat
