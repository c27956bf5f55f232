// What a dialer has to know of relayed addresses: /.../p2p/RELAY/p2p-circuit[/p2p/PEER].
// https://github.com/libp2p/specs/blob/master/relay/circuit-v2.md
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "warren/core/circuit.hpp"
#include "warren/core/connection.hpp"
#include "warren/crypto/peer_id.hpp"

namespace warren {

// The relay that the address names; nothing when it names none.
std::optional<PeerId> relay_of(const Multiaddr& circuit);
// The relay's own address, without its /p2p; empty when only its name is given.
Multiaddr relay_address_of(const Multiaddr& circuit);

// Why this relayed address is not dialed; empty: nothing speaks against it. Circuits over circuits are not
// made: a relay refuses to extend one, and each hop would halve what the limits leave.
std::string unusable_circuit(const Multiaddr& circuit, const PeerId& target,
                             const std::optional<PeerId>& self);

inline bool is_relayed(const Connection& connection) {
  return is_circuit(connection.remote_address());
}

// Whether a relay's limits leave less than a quarter of a circuit, in bytes of either way or in time: a new
// one should be there before this one ends.
bool is_worn(const CircuitBudget& budget, Instant opened_at, Instant now);

}  // namespace warren
