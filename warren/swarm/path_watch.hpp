// Knows the best open connection to each peer (path_rank.hpp), and tells when that is another one.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "warren/env/clock.hpp"
#include "warren/swarm/path_rank.hpp"
#include "warren/swarm/swarm_connection.hpp"

namespace warren {

class PathWatch {
 public:
  using Connections = std::vector<std::shared_ptr<SwarmConnection>>;

  // All outlive it. `connections`: all of the swarm, oldest first.
  PathWatch(Clock& clock, SwarmState& state, const Connections& connections)
      : clock_(clock), state_(state), connections_(connections) {}

  // The open ones to this peer, best first; and the first of these, or null.
  Connections ranked(const PeerId& peer) const;
  std::shared_ptr<SwarmConnection> best(const PeerId& peer) const;

  // Something about the connections to this peer has changed. Emits path_changed if another one is the best.
  void update(const PeerId& peer);

 private:
  PathFacts facts_of(const SwarmConnection& connection) const;

  Clock& clock_;
  SwarmState& state_;
  const Connections& connections_;
  std::map<PeerId, std::shared_ptr<SwarmConnection>> best_;  // as told
};

}  // namespace warren
