// Keeps this node reachable through relays: finds them, reserves, renews, and never loses one for good. Each
// reservation is a supervised state machine (reservation.hpp); whom to ask is ranked by relay_ranking.hpp.
#pragma once

#include "warren/core/host.hpp"
#include "warren/protocols/relay/reservation_status.hpp"
#include "warren/protocols/relay/transport.hpp"

namespace warren::relay {

struct ClientConfig {
  std::vector<PeerInfo> configured;  // always wanted when any is, and never given up
  std::size_t wanted_max = 3;        // held at a time, in different networks where there is a choice
  // In a private or a local network relays at private addresses are as good as others.
  bool private_networks = false;
};

class Client {
 public:
  // Host and transport outlive it.
  Client(Host& host, CircuitTransport& transport, ClientConfig config);
  ~Client();

  void start();
  // Reservations are given back by hanging up on nobody: relays forget them when we are gone.
  Task<void> close();

  // Whether reservations are wanted at all: from the moment that a NAT is suspected.
  void want(bool wanted);
  bool is_wanted() const;

  // Somebody who may relay: connected peers that speak hop are found without; this one may have to be dialed.
  void offer(PeerInfo candidate);
  // Asked when too few candidates are known, at most every few seconds: to look for some and offer them.
  Signal<>& hungry();

  // One for each relay that is held, tried or waited for, the configured first.
  std::vector<ReservationStatus> reservations() const;
  // Ours through the relays that are held: /.../p2p/RELAY/p2p-circuit, without our /p2p.
  std::vector<Multiaddr> addresses() const;
  // addresses() is another.
  Signal<>& changed();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace warren::relay
