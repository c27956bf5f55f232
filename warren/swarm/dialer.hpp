// Reaches a peer at one of its addresses: resolves names, leaves out what is known not to work, and lets the
// rest race (dial_race.hpp), the likely best first (dial_ranking.hpp). Each attempt waits for its turn
// (dial_rate.hpp). A peer that does not speak the security that we propose first is dialed anew with the next
// one; what it speaks is remembered in the peerstore, so that this happens once.
#pragma once

#include "warren/core/peerstore.hpp"
#include "warren/env/env.hpp"
#include "warren/swarm/black_hole.hpp"
#include "warren/swarm/dial_backoff.hpp"
#include "warren/swarm/dial_race.hpp"
#include "warren/swarm/dial_rate.hpp"
#include "warren/swarm/gate.hpp"
#include "warren/swarm/transports.hpp"

namespace warren {

// Which of a peer's addresses a dial may use.
enum class DialScope {
  kAll,
  kDirect,
  // The direct ones, in search of a better path than the one that is there: none that has failed lately, and
  // not for long (Dialer::kBetterPathTime).
  kBetterPath,
};

class Dialer {
 public:
  // Somebody waits who could go on over the path that is there. Twice what a satellite's link needs.
  static constexpr Duration kBetterPathTime = 3s;

  // All outlive the dialer.
  Dialer(Env& env, SwarmState& state, const Gate& gate, Upgrader& upgrader, const Transports& transports,
         Peerstore& peerstore);

  // `listening`: our own addresses, which are not dialed; unspecified ones stand for all of this machine.
  //
  // Addresses that have failed lately are left out while others are there. When all have, only the one whose
  // back-off ends first is dialed: every dial is somebody's wish, who may know that the peer is back, and
  // a single attempt is nothing to guard the network from. Whoever keeps asking goes through them in turn.
  //
  // kNoDirectPath: the scope leaves relayed addresses out, and there are no others.
  Task<std::expected<UpgradedConnection, DialError>> dial(PeerInfo peer, std::vector<Multiaddr> listening,
                                                          DialScope scope = DialScope::kAll);

  // Brings the limits that count with time up to date.
  void update_limits() { rate_.update(); }
  // What has failed on the old network may work on this one.
  void network_changed();

 private:
  // The addresses without names. Names that led nowhere are failures.
  Task<std::vector<Multiaddr>> resolve(PeerInfo peer, DialError& failures);
  std::vector<DialAttempt> plan(const PeerId& peer, const std::vector<Multiaddr>& addresses,
                                const LocalNetwork& local, DialScope scope, DialError& left_out);
  // Those that this node has the means and the permission to dial.
  std::vector<Multiaddr> permitted(const PeerId& peer, const std::vector<Multiaddr>& addresses,
                                   const LocalNetwork& local, DialError& left_out) const;
  // Of several circuits through one relay the first: which of its addresses leads to the relay is found out
  // when that is dialed.
  std::vector<Multiaddr> one_circuit_each(std::vector<Multiaddr> addresses, DialError& left_out);
  std::vector<Multiaddr> without_backoff(const PeerId& peer, std::vector<Multiaddr> addresses,
                                         DialScope scope, DialError& left_out) const;
  // Of every address: what was dialed, then what was not.
  void tell(const PeerId& peer, const std::vector<DialReport>& reports,
            const std::vector<LeftOut>& left_out) const;
  // To the peerstore: which addresses led to the peer, and which did not.
  void note(const PeerId& peer, const std::vector<DialReport>& reports) const;
  // What is known now of which addresses fail; `upgraded`: null when all did.
  void update_backoff(const PeerId& peer, const std::vector<DialReport>& reports,
                      const UpgradedConnection* upgraded);

  Task<UpgradedConnection> try_address(Multiaddr address, PeerId peer, Instant deadline);
  // Over a transport that leaves nothing to be done, or over a pipe, with one security after the other, and
  // once more when it has collided with the peer's own dial (dial_collision.hpp).
  Task<UpgradedConnection> dial_muxed(Multiaddr address, PeerId peer);
  Task<UpgradedConnection> dial_pipe(Multiaddr address, PeerId peer, Instant deadline);
  Task<void> wait_turn(Instant deadline);
  Task<UpgradedConnection> upgrade(RawConnection raw, PeerId peer, ProtocolId security);
  void remember(const PeerId& peer, const ProtocolId& security);

  Env& env_;
  SwarmState& state_;
  const Gate& gate_;
  Upgrader& upgrader_;
  const Transports& transports_;
  Peerstore& peerstore_;
  DialRate rate_;
  DialBackoff backoff_;
  BlackHoleDetector black_holes_;
  std::vector<Multiaddr> listening_;  // as the last dial was told
};

}  // namespace warren
