#include "warren/protocols/relay/circuit_address.hpp"

#include <algorithm>

namespace warren::relay {

Result<CircuitAddress> CircuitAddress::of(const Multiaddr& address) {
  const auto components = address.components();
  if (std::ranges::count(components, Protocol::kP2pCircuit, &Component::code) != 1)
    return fail(Errc::kBadAddress);
  const Multiaddr behind = address.after_last(Protocol::kP2pCircuit);
  const Multiaddr before = address.before_last(Protocol::kP2pCircuit);
  const auto relay = PeerId::of(before);
  if (!relay || before.components().back().code != Protocol::kP2p) return fail(Errc::kBadAddress);
  CircuitAddress circuit{.via = before.decapsulate_last(), .relay = *relay, .peer = PeerId::of(behind)};
  if (circuit.via.has(Protocol::kP2p)) return fail(Errc::kBadAddress);
  if (!behind.empty() && (!circuit.peer || behind.components().size() != 1)) return fail(Errc::kBadAddress);
  return circuit;
}

Multiaddr circuit_through(const Multiaddr& via, const PeerId& relay) {
  return via.with(Protocol::kP2p, relay.bytes()).with(Protocol::kP2pCircuit);
}

Multiaddr any_circuit() {
  return Multiaddr().with(Protocol::kP2pCircuit);
}

}  // namespace warren::relay
