// The UDP sockets that a transport listens on, lent to who sends datagrams of another kind: STUN asks from
// the very port that peers are to reach (RFC 9443 tells the kinds apart by their first bits).
#pragma once

#include <memory>
#include <vector>

#include "warren/core/signal.hpp"
#include "warren/env/datagram_socket.hpp"

namespace warren {

class SharedSockets {
 public:
  virtual ~SharedSockets() = default;

  // What the sockets that listen are bound to; the address may be unspecified.
  virtual std::vector<Endpoint> endpoints() const = 0;

  // From the socket that is bound to `local`. Waits for its turn; what can't be delivered is lost without a
  // word. Throws kNotFound when there is no such socket, kTooLarge, kClosed. Cancelable.
  virtual Task<void> send(Endpoint local, Endpoint remote, Bytes payload) = 0;

  // Takes a socket over, which leads to `remote` and to nobody else: from now on a dial of `remote` leaves
  // from it. It is closed when no connection uses it any more; 10 s after the last one, or without any.
  virtual Result<> adopt(std::unique_ptr<DatagramSocket> socket, Endpoint remote) = 0;

  // Each datagram that is not the transport's own, and the endpoint its socket is bound to. The payload is
  // valid during the call.
  virtual Signal<const Datagram&, const Endpoint&>& strays() = 0;
};

}  // namespace warren
