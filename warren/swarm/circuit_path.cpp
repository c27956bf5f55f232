#include "warren/swarm/circuit_path.hpp"

namespace warren {

namespace {

constexpr std::uint64_t kWornPart = 4;

bool is_nearly_used(std::uint64_t used, std::uint64_t max) {
  return max != 0 && (used >= max || max - used < max / kWornPart);
}

}  // namespace

std::optional<PeerId> relay_of(const Multiaddr& circuit) {
  return PeerId::of(circuit.before_last(Protocol::kP2pCircuit));
}

Multiaddr relay_address_of(const Multiaddr& circuit) {
  return circuit.before_last(Protocol::kP2pCircuit).before_last(Protocol::kP2p);
}

std::string unusable_circuit(const Multiaddr& circuit, const PeerId& target,
                             const std::optional<PeerId>& self) {
  if (circuit.before_last(Protocol::kP2pCircuit).has(Protocol::kP2pCircuit))
    return "a circuit over a circuit";
  const auto relay = relay_of(circuit);
  if (!relay) return "names no relay";
  if (*relay == target) return "its relay is the peer itself";
  if (self && *relay == *self) return "its relay is this node";
  return {};
}

bool is_worn(const CircuitBudget& budget, Instant opened_at, Instant now) {
  if (is_nearly_used(budget.sent, budget.bytes_each_way_max)) return true;
  if (is_nearly_used(budget.received, budget.bytes_each_way_max)) return true;
  return budget.ends && (*budget.ends - now) * kWornPart < *budget.ends - opened_at;
}

}  // namespace warren
