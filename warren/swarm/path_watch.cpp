#include "warren/swarm/path_watch.hpp"

#include <ranges>

#include "warren/core/address_scope.hpp"
#include "warren/core/ip_address.hpp"
#include "warren/swarm/circuit_path.hpp"

namespace warren {

namespace {

PathKind kind_of(const SwarmConnection& connection) {
  if (connection.is_relayed()) return PathKind::kRelayed;
  const Multiaddr remote = connection.remote_address();
  const auto scope = scope_of(remote);
  if (scope == AddressScope::kPrivate || scope == AddressScope::kLoopback) return PathKind::kSameNetwork;
  const auto ip = ip_address_of(remote);
  return ip && !ip->is_v4() ? PathKind::kDirectIp6 : PathKind::kDirect;
}

}  // namespace

PathFacts PathWatch::facts_of(const SwarmConnection& connection) const {
  const PathHealth health = connection.health();
  const bool heartbeats = health.round_trip_time > Duration::zero();
  const CircuitBudget* const budget = connection.circuit_budget();
  const bool remote_is_larger = state_.self && *state_.self < connection.remote_peer();
  const bool we_dialed = connection.direction() == Direction::kOutbound;
  return {.kind = kind_of(connection),
          .is_datagram = endpoint_of(connection.remote_address(), Protocol::kUdp).has_value(),
          .round_trip_time = heartbeats ? health.round_trip_time : connection.round_trip_time(),
          .loss = health.loss,
          .opened_at = connection.opened_at(),
          .is_suspect = health.is_suspect,
          .is_worn = budget != nullptr && is_worn(*budget, connection.opened_at(), clock_.now()),
          .by_smaller_peer = we_dialed == remote_is_larger};
}

PathWatch::Connections PathWatch::ranked(const PeerId& peer) const {
  Connections open;
  // The last of those opened in one instant counts as the newest.
  for (const auto& connection : connections_ | std::views::reverse) {
    if (connection->is_open() && connection->remote_peer() == peer) open.push_back(connection);
  }
  if (open.size() < 2) return open;
  const auto known = best_.find(peer);
  std::vector<PathFacts> facts;
  for (const auto& connection : open) {
    facts.push_back(facts_of(*connection));
    facts.back().is_best_so_far = known != best_.end() && known->second == connection;
  }
  Connections ranked;
  for (const std::size_t index : rank_paths(facts)) ranked.push_back(open[index]);
  return ranked;
}

std::shared_ptr<SwarmConnection> PathWatch::best(const PeerId& peer) const {
  const Connections open = ranked(peer);
  return open.empty() ? nullptr : open.front();
}

void PathWatch::update(const PeerId& peer) {
  const auto now_best = best(peer);
  const auto known = best_.find(peer);
  if ((known == best_.end() ? nullptr : known->second) == now_best) return;
  if (now_best) {
    best_[peer] = now_best;
  } else {
    best_.erase(peer);
  }
  state_.events.path_changed.emit(PathChange{.peer = peer, .best = now_best});
}

}  // namespace warren
