#include "warren/protocols/pubsub/router/gossip.hpp"

#include <algorithm>

namespace warren::pubsub {

std::size_t gossip_targets(const GossipParams& params, std::size_t candidates) {
  const auto share = static_cast<std::size_t>(params.gossip_factor * static_cast<double>(candidates));
  return std::min(candidates, std::max(params.d_lazy, share));
}

}  // namespace warren::pubsub
