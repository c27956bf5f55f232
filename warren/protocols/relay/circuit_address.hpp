// Addresses of relayed paths: /<where the relay is>/p2p/RELAY/p2p-circuit[/p2p/PEER].
// https://github.com/libp2p/specs/blob/master/relay/circuit-v2.md#interaction
#pragma once

#include <optional>

#include "warren/crypto/peer_id.hpp"
#include "warren/multiformats/multiaddr.hpp"

namespace warren::relay {

struct CircuitAddress {
  Multiaddr via;  // where the relay is; empty when only its name is known
  PeerId relay;
  std::optional<PeerId> peer;  // whom it leads to

  // kBadAddress for anything else, such as a path over two relays or one whose relay has no name.
  static Result<CircuitAddress> of(const Multiaddr& address);
};

// The path through this relay, without the peer it leads to.
Multiaddr circuit_through(const Multiaddr& via, const PeerId& relay);

// "/p2p-circuit": what is listened on, and the near end of every circuit.
Multiaddr any_circuit();

}  // namespace warren::relay
