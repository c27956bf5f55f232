// What a swarm's parts share, and what the owner of a node sees of it: the limits and their account, who is
// let in, what has happened.
#pragma once

#include <functional>
#include <optional>

#include "warren/core/host.hpp"
#include "warren/swarm/access_list.hpp"
#include "warren/swarm/connection_manager.hpp"
#include "warren/swarm/counters.hpp"
#include "warren/swarm/limit_table.hpp"

namespace warren {

// The node that a peer is bound to, when that is known.
using NodeResolver = std::function<std::optional<NodeId>(const PeerId&)>;

// Why something was not taken.
struct Refusal {
  std::error_code reason;
  std::string_view knob;  // the limit, when it was one
};

struct SwarmState {
  explicit SwarmState(const SwarmLimits& given) : limits(given), table(given), manager(given) {}

  const SwarmLimits limits;
  std::optional<PeerId> self;  // who we are; set by the host
  LimitTable table;
  SwarmCounters counters;
  AccessList access;
  NodeResolver node_of;  // may be empty
  ConnectionManager manager;
  HostEvents events;

  std::optional<NodeId> resolve(const PeerId& peer) const { return node_of ? node_of(peer) : std::nullopt; }

  // Tells that something inbound was refused. `peer`: when it is known.
  void tell(const Refusal& why, std::optional<PeerId> peer, Multiaddr from) const;
};

}  // namespace warren
