// How bytes reach another machine. A transport dials and listens by multiaddr and yields raw pipes, which the
// upgrader (swarm/upgrader.hpp) secures and multiplexes.
#pragma once

#include <memory>

#include "warren/core/stream.hpp"
#include "warren/multiformats/multiaddr.hpp"

namespace warren {

struct RawConnection {
  StreamPtr stream;
  Multiaddr local;
  Multiaddr remote;
};

class TransportListener {
 public:
  // Stops listening.
  virtual ~TransportListener() = default;

  // Throws kClosed after close(). Cancelable.
  virtual Task<RawConnection> accept() = 0;

  // The address that is listened on, with its real port; the host part may be unspecified (0.0.0.0).
  virtual const Multiaddr& address() const = 0;
  virtual void close() = 0;
};

class Transport {
 public:
  virtual ~Transport() = default;

  // Whether dial() and listen() know what to do with this address (without its /p2p part).
  virtual bool handles(const Multiaddr& address) const = 0;

  // Throws kRefused, kUnreachable, kTimedOut... Cancelable; the caller sets the time limit.
  virtual Task<RawConnection> dial(Multiaddr address) = 0;

  virtual Result<std::unique_ptr<TransportListener>> listen(const Multiaddr& address) = 0;
};

}  // namespace warren
