// Where simulated nodes are, and what that makes of their links: the time of a frame from one to another, and
// the rate at which a node sends.
#pragma once

#include <cstdint>

#include "test/sim/gossip/event_queue.hpp"

namespace warren::gossip_sim {

// Regions of the world with 10 to 150 ms one way between them, and a few milliseconds to each node's door. Of
// a seed and a node's number all is derived, nothing is stored.
class Geography {
 public:
  explicit Geography(std::uint64_t seed) : seed_(seed) {}

  // One way, without jitter; the same in both directions.
  Duration between(NodeIndex a, NodeIndex b) const;
  // 20 to 100 Mbit/s, in bytes a second; many have little.
  double uplink(NodeIndex node) const;
  // Of one frame, whose number is given: up to a tenth of the delay more.
  Duration jitter(Duration delay, std::uint64_t frame) const;

 private:
  // Uniform in [0, 1).
  double draw(std::uint64_t what, std::uint64_t which) const;

  std::uint64_t seed_;
};

}  // namespace warren::gossip_sim
