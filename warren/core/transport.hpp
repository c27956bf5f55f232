// How bytes reach another machine. A transport dials and listens by multiaddr and yields raw pipes, which the
// upgrader (swarm/upgrader.hpp) secures and multiplexes. Those that need no upgrader: muxed_transport.hpp.
#pragma once

#include <memory>

#include "warren/core/circuit.hpp"
#include "warren/core/listener.hpp"
#include "warren/core/stream.hpp"

namespace warren {

struct RawConnection {
  StreamPtr stream;
  Multiaddr local;
  Multiaddr remote;
  // Of a relayed one with limits; the transport keeps it up to date.
  std::shared_ptr<const CircuitBudget> budget = nullptr;
};

class TransportListener : public Listener {
 public:
  // Throws kClosed after close(). Cancelable.
  virtual Task<RawConnection> accept() = 0;
};

class Transport {
 public:
  virtual ~Transport() = default;

  // Whether dial() and listen() know what to do with this address (without its /p2p part).
  virtual bool handles(const Multiaddr& address) const = 0;

  // The address comes without its /p2p part, but that of a relayed one with it: a relay is told whom to
  // reach. Throws kRefused, kUnreachable, kTimedOut... Cancelable; the caller sets the time limit.
  virtual Task<RawConnection> dial(Multiaddr address) = 0;

  virtual Result<std::unique_ptr<TransportListener>> listen(const Multiaddr& address) = 0;
};

}  // namespace warren
