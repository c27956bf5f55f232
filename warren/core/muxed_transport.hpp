// Transports that secure and multiplex by themselves, as QUIC does: they yield finished connections, which
// nothing is left to be done to.
#pragma once

#include <functional>

#include "warren/core/listener.hpp"
#include "warren/core/upgraded_connection.hpp"

namespace warren {

class MuxedListener : public Listener {
 public:
  // The next connection that a stranger made, after its handshake. Throws kClosed after close(). Cancelable.
  virtual Task<UpgradedConnection> accept() = 0;
};

class MuxedTransport {
 public:
  virtual ~MuxedTransport() = default;

  // Whether dial() and listen() know what to do with this address (without its /p2p part).
  virtual bool handles(const Multiaddr& address) const = 0;

  // A connection to `peer`, who must be there. Throws kRefused, kUnreachable, kTimedOut, kPeerIdMismatch...
  // Cancelable; the caller sets the time limit.
  virtual Task<UpgradedConnection> dial(Multiaddr address, PeerId peer) = 0;

  // Sends datagrams that mean nothing there, from the socket that listens, at random intervals of 10 to
  // 200 ms, until it is canceled: a NAT in front of us lets the peer's handshake in after the first (DCUtR).
  // Throws kNoTransport when no socket can send there, kUnreachable.
  virtual Task<void> knock(Multiaddr address) = 0;

  struct Doorman {
    // Asked before a stranger's handshake costs anything: whether it makes sense to begin one.
    std::function<bool(const Multiaddr& from)> greet;
    // Told of handshakes that came to nothing.
    std::function<void(const Multiaddr& from, std::error_code reason)> turned_away;
  };
  // The listener and what it accepts end before the transport does.
  virtual Result<std::unique_ptr<MuxedListener>> listen(const Multiaddr& address, Doorman doorman) = 0;

  // The way to the peers may be another than it was: a link came up, an address changed. Connections find
  // out now, not at their next packet.
  virtual void network_changed() = 0;

  // Ends what is left of its connections, and waits until nothing runs. Idempotent; not cancelable.
  virtual Task<void> close() = 0;
};

}  // namespace warren
