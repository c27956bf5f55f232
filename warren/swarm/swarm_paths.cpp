// Which of the open connections a swarm gives to whom.
#include "warren/swarm/circuit_path.hpp"
#include "warren/swarm/swarm.hpp"

namespace warren {

bool Swarm::is_good_for(const SwarmConnection* connection, PathPolicy policy) const {
  if (connection == nullptr || connection->health().is_suspect) return false;
  if (!connection->is_relayed()) return true;
  if (policy != PathPolicy::kAny) return false;
  const CircuitBudget* const budget = connection->circuit_budget();
  return budget == nullptr || !is_worn(*budget, connection->opened_at(), env_.clock.now());
}

ConnectionPtr Swarm::fallback_for(const PeerId& peer, PathPolicy policy) const {
  for (const auto& connection : paths_.ranked(peer)) {
    if (policy != PathPolicy::kDirectOnly || !connection->is_relayed()) return connection;
  }
  return nullptr;
}

ConnectionPtr Swarm::direct_connection(const PeerId& peer) const {
  const auto best = paths_.best(peer);
  return is_good_for(best.get(), PathPolicy::kDirectOnly) ? best : nullptr;
}

void Swarm::wake_dials(const PeerId& peer) {
  for (const auto& [whom, dial] : dials_) {
    if (whom.first == peer) dial->changed.notify_all();
  }
}

void Swarm::path_changed(const PeerId& peer) {
  paths_.update(peer);
  wake_dials(peer);
}

std::vector<ConnectionPtr> Swarm::connections(const PeerId& peer) const {
  const auto ranked = paths_.ranked(peer);
  return {ranked.begin(), ranked.end()};
}

std::vector<ConnectionPtr> Swarm::connections() const {
  std::vector<ConnectionPtr> open;
  for (const auto& connection : connections_) {
    if (connection->is_open()) open.push_back(connection);
  }
  return open;
}

}  // namespace warren
