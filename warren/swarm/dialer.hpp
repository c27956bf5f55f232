// Reaches a peer at one of its addresses: tries them in turn, each with a limit, and remembers why each
// failed. A peer that does not speak the security that we propose first is dialed anew with the next one;
// what it speaks is remembered in the peerstore, so that this happens once.
#pragma once

#include "warren/core/peerstore.hpp"
#include "warren/env/env.hpp"
#include "warren/swarm/swarm_state.hpp"
#include "warren/swarm/upgrader.hpp"

namespace warren {

// Why no address led to the peer. `code` is the attempts' common error, kUnreachable when they differ,
// kNoAddresses when there were none, kTimedOut when the whole dial took too long; `attempts` names each
// address with its error.
struct DialError {
  std::error_code code;
  std::string attempts;
};

class Dialer {
 public:
  // All outlive the dialer.
  Dialer(Env& env, SwarmState& state, Upgrader& upgrader, const std::vector<Transport*>& transports,
         Peerstore& peerstore)
      : env_(env), state_(state), upgrader_(upgrader), transports_(transports), peerstore_(peerstore) {}

  Task<std::expected<UpgradedConnection, DialError>> dial(PeerInfo peer);

 private:
  // Fills `failures` as it goes, so that they are known when time runs out.
  Task<UpgradedConnection> dial_each(PeerInfo peer, DialError& failures);
  Task<UpgradedConnection> dial_address(Multiaddr address, PeerId peer);
  Transport* transport_for(const Multiaddr& address) const;
  // The securities to propose, in this order.
  std::vector<ProtocolId> proposals_for(const PeerId& peer) const;
  void remember(const PeerId& peer, const ProtocolId& security);

  Env& env_;
  SwarmState& state_;
  Upgrader& upgrader_;
  const std::vector<Transport*>& transports_;
  Peerstore& peerstore_;
};

}  // namespace warren
