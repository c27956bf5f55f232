// Reaches a peer at one of its addresses: tries them in turn, each with a limit, and remembers why each
// failed. Each attempt waits for its turn (dial_rate.hpp). A peer that does not speak the security that we
// propose first is dialed anew with the next one; what it speaks is remembered in the peerstore, so that this
// happens once.
#pragma once

#include "warren/core/peerstore.hpp"
#include "warren/env/env.hpp"
#include "warren/swarm/dial_rate.hpp"
#include "warren/swarm/gate.hpp"
#include "warren/swarm/upgrader.hpp"

namespace warren {

// Why no address led to the peer. `code` is the attempts' common error, kUnreachable when they differ,
// kNoAddresses when there were none, kTimedOut when the whole dial took too long; `attempts` names each
// address with its error, and limits by their name.
struct DialError {
  std::error_code code;
  std::string attempts;
};

class Dialer {
 public:
  // All outlive the dialer.
  Dialer(Env& env, SwarmState& state, const Gate& gate, Upgrader& upgrader,
         const std::vector<Transport*>& transports, Peerstore& peerstore);

  Task<std::expected<UpgradedConnection, DialError>> dial(PeerInfo peer);

  // Brings the limits that count with time up to date.
  void update_limits() { rate_.update(); }

 private:
  // Fills `failures` as it goes, so that they are known when time runs out.
  Task<UpgradedConnection> dial_each(PeerInfo peer, DialError& failures);
  Task<UpgradedConnection> try_address(Multiaddr address, PeerId peer, Instant deadline);
  Task<UpgradedConnection> dial_address(Multiaddr address, PeerId peer, Instant deadline);
  Task<void> wait_turn(Instant deadline);
  Task<UpgradedConnection> upgrade(RawConnection raw, PeerId peer, ProtocolId security);
  Transport* transport_for(const Multiaddr& address) const;
  // The securities to propose, in this order.
  std::vector<ProtocolId> proposals_for(const PeerId& peer) const;
  void remember(const PeerId& peer, const ProtocolId& security);

  Env& env_;
  SwarmState& state_;
  const Gate& gate_;
  Upgrader& upgrader_;
  const std::vector<Transport*>& transports_;
  Peerstore& peerstore_;
  DialRate rate_;
};

}  // namespace warren
