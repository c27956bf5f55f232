// Reaches a peer at one of its addresses: tries them in turn, each with a limit, and remembers why each
// failed.
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

class Dialer {
 public:
  // All outlive the dialer.
  Dialer(Env& env, const SwarmLimits& limits, Upgrader& upgrader, const std::vector<Transport*>& transports)
      : env_(env), limits_(limits), upgrader_(upgrader), transports_(transports) {}

  Task<std::expected<UpgradedConnection, DialError>> dial(PeerInfo peer);

 private:
  // Fills `failures` as it goes, so that they are known when time runs out.
  Task<UpgradedConnection> dial_each(PeerInfo peer, DialError& failures);
  Task<UpgradedConnection> dial_address(Multiaddr address, PeerId peer);
  Transport* transport_for(const Multiaddr& address) const;

  Env& env_;
  const SwarmLimits& limits_;
  Upgrader& upgrader_;
  const std::vector<Transport*>& transports_;
};

}  // namespace warren
