// From whom a caller means to a connection with them: by what is known, and when that leads nowhere, by what
// the DHT says now.
#pragma once

#include <optional>

#include "warren/node/discovery_parts.hpp"

namespace warren {

// Whom a target names: the peer with the addresses given, and the node where the caller insists on one.
struct Reached {
  PeerInfo peer;
  std::optional<NodeId> node;
};

// Whom a target names, without connecting; a node that is not known is looked up. Throws kNotFound, kNoPeers.
Task<Reached> name_peer(Discovery::Parts* discovery, Target target);

// Connected when it returns, over a path that the policy allows. Throws kNotFound and kNoPeers when nobody
// knows the node, kNoAddresses when nobody knows where the peer is, and what Host::connect_over throws.
Task<Reached> reach(Discovery::Parts* discovery, Target target, PathPolicy policy);

}  // namespace warren
