// Circuits as a transport: /.../p2p/RELAY/p2p-circuit/p2p/PEER. What it dials and accepts are raw pipes
// through a relay, which the upgrader secures and multiplexes end to end as any other, so that the relay sees
// sealed bytes only. https://github.com/libp2p/specs/blob/master/relay/circuit-v2.md
#pragma once

#include "warren/core/host.hpp"
#include "warren/core/transport.hpp"

namespace warren::relay {

class CircuitTransport final : public Transport {
 public:
  CircuitTransport();
  ~CircuitTransport() override;

  // The host whose connections lead to relays; outlives the use of the transport. Before the first use: the
  // transport is one of the host's own, so it is made first.
  void attach(Host& host);

  bool handles(const Multiaddr& address) const override;
  // Connects to the relay, unless it is, directly, and asks for the circuit. Throws kNoReservation,
  // kRelayDenied, kRelayFull, kRelayFailed, what connecting to the relay throws...
  Task<RawConnection> dial(Multiaddr address) override;
  // "/p2p-circuit": whoever comes through a relay that we hold a reservation at. Once.
  Result<std::unique_ptr<TransportListener>> listen(const Multiaddr& address) override;

  // Whether circuits through this relay are taken; without it: none. The client's reservations decide.
  std::function<bool(const PeerId& relay)> takes_circuits_from{};

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace warren::relay
