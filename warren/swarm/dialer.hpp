// Reaches a peer at one of its addresses: tries them in turn, each with a limit, and remembers why each
// failed. A peer that does not speak the security that we propose first is dialed anew with the next one;
// what it speaks is remembered in the peerstore, so that this happens once.
#pragma once

#include "warren/core/peerstore.hpp"
#include "warren/env/env.hpp"
#include "warren/swarm/limits.hpp"
#include "warren/swarm/upgrader.hpp"

namespace warren {

// Why no address led to the peer. `code` is the attempts' common error, kUnreachable when they differ,
// kNoAddresses when there were none, kTimedOut when the whole dial took too long; `attempts` names each
// address with its error.
struct DialError {
  std::error_code code;
  std::string attempts;
};

struct DialCounters {
  std::uint64_t security_redials = 0;  // because the peer did not speak the security that was proposed
};

class Dialer {
 public:
  // All outlive the dialer.
  Dialer(Env& env, const SwarmLimits& limits, Upgrader& upgrader, const std::vector<Transport*>& transports,
         Peerstore& peerstore)
      : env_(env), limits_(limits), upgrader_(upgrader), transports_(transports), peerstore_(peerstore) {}

  Task<std::expected<UpgradedConnection, DialError>> dial(PeerInfo peer);

  const DialCounters& counters() const { return counters_; }

 private:
  // Fills `failures` as it goes, so that they are known when time runs out.
  Task<UpgradedConnection> dial_each(PeerInfo peer, DialError& failures);
  Task<UpgradedConnection> dial_address(Multiaddr address, PeerId peer);
  Transport* transport_for(const Multiaddr& address) const;
  // The securities to propose, in this order.
  std::vector<ProtocolId> proposals_for(const PeerId& peer) const;
  void remember(const PeerId& peer, const ProtocolId& security);

  Env& env_;
  const SwarmLimits& limits_;
  Upgrader& upgrader_;
  const std::vector<Transport*>& transports_;
  Peerstore& peerstore_;
  DialCounters counters_;
};

}  // namespace warren
