// Peers offered in a PRUNE: read, and bounded before anybody is dialed.
// https://github.com/libp2p/specs/blob/master/pubsub/gossipsub/gossipsub-v1.1.md#prune-backoff-and-peer-exchange
#pragma once

#include <vector>

#include "warren/env/random.hpp"
#include "warren/protocols/pubsub/router/actions.hpp"
#include "warren/protocols/pubsub/router/params.hpp"

namespace warren::pubsub {

// Some of the offers, at most params.prune_peers; those without a PeerID or with an oversized record are left
// out. The records are not verified.
std::vector<Dial> choose_offers(const std::vector<PeerOffer>& offers, const GossipParams& params,
                                Random& random);

}  // namespace warren::pubsub
