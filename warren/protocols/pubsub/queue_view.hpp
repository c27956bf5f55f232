// A peer's queue, for people and metrics.
#pragma once

#include <cstdint>

#include "warren/crypto/peer_id.hpp"

namespace warren::pubsub {

struct QueueView {
  PeerId peer;
  std::size_t bytes = 0;
  std::uint64_t dropped = 0;  // frames that found no room, since the peer came
};

}  // namespace warren::pubsub
