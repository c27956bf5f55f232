// Circuits as a transport: /.../p2p/RELAY/p2p-circuit/p2p/PEER. What it dials and accepts are raw pipes
// through a relay, which the upgrader secures and multiplexes end to end as any other, so that the relay sees
// sealed bytes only. https://github.com/libp2p/specs/blob/master/relay/circuit-v2.md
#pragma once

#include "warren/async/channel.hpp"
#include "warren/core/host.hpp"
#include "warren/core/transport.hpp"
#include "warren/protocols/relay/message.hpp"

namespace warren::relay {

// Circuits that have come and wait for the upgrader, which takes them at once; further ones are refused.
inline constexpr std::size_t kArrivalsMax = 32;
// For a relay to say who comes, and to take our answer.
inline constexpr Duration kStopAnswerTimeout = 10s;

class CircuitTransport final : public Transport {
 public:
  CircuitTransport() = default;
  // The listener is gone before.
  ~CircuitTransport() override = default;

  // The host whose connections lead to relays; outlives the use of the transport. Before the first use: the
  // transport is one of the host's own, so it is made first.
  void attach(Host& host) { host_ = &host; }

  bool handles(const Multiaddr& address) const override;
  // Connects to the relay, unless it is, directly, and asks for the circuit. Throws kNoReservation,
  // kRelayDenied, kRelayFull, kRelayFailed, what connecting to the relay throws...
  Task<RawConnection> dial(Multiaddr address) override;
  // "/p2p-circuit": whoever comes through a relay that we hold a reservation at. One at a time, else
  // kAddressInUse.
  //
  // Who comes is known when the handshake has ended. The relay names somebody, too; that is worth nothing,
  // since it may name anybody, and it is not looked at but to keep us from meeting ourselves.
  Result<std::unique_ptr<TransportListener>> listen(const Multiaddr& address) override;

  // Whether circuits through this relay are taken; without it: none. The client's reservations decide.
  std::function<bool(const PeerId& relay)> takes_circuits_from{};

 private:
  class CircuitListener;

  // What waits for accept(), and how many more are being answered.
  struct Arrivals {
    Channel<RawConnection> queue{kArrivalsMax};
    std::size_t answered = 0;
  };

  Task<void> take(ConnectionPtr connection, StreamPtr stream);
  Task<void> admit(ConnectionPtr connection, StreamPtr stream, std::shared_ptr<Arrivals> arrivals);
  bool trusts(const Connection& connection) const;
  Status judge(const Result<StopMessage>& asked, const Arrivals& arrivals) const;
  RawConnection circuit(StreamPtr stream, Multiaddr remote, const CircuitLimits& limits) const;
  void stop_listening();

  Host* host_ = nullptr;
  std::shared_ptr<Arrivals> arrivals_;  // while there is a listener
};

// The connection to this peer that is not relayed itself, if one is open.
ConnectionPtr direct_connection(const Host& host, const PeerId& peer);

}  // namespace warren::relay
