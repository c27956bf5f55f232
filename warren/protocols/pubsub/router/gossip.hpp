// Adaptive gossip: how many peers outside the mesh are told what messages there are.
// https://github.com/libp2p/specs/blob/master/pubsub/gossipsub/gossipsub-v1.1.md#adaptive-gossip-dissemination
#pragma once

#include <cstddef>

#include "warren/protocols/pubsub/router/params.hpp"

namespace warren::pubsub {

// Of `candidates` peers: a share of them, and at least d_lazy.
std::size_t gossip_targets(const GossipParams& params, std::size_t candidates);

}  // namespace warren::pubsub
