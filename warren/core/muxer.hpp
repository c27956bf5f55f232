// Many streams over one pipe.
#pragma once

#include <optional>

#include "warren/base/time.hpp"
#include "warren/core/secure_channel.hpp"
#include "warren/multiformats/multiaddr.hpp"

namespace warren {

// One pipe, many streams. Streams may outlive it: they throw kClosed then.
class MuxedConnection {
 public:
  // Closed before it is destroyed, if it was started.
  virtual ~MuxedConnection() = default;

  // Starts the connection's own tasks in the current loop. Until then nothing runs, and it may simply be
  // destroyed: so nobody who is canceled between the handshake and the adoption by the swarm has to clean up.
  virtual void start() = 0;

  // A new stream, at once, without a round trip. Throws kLimitReached when the peer has not acknowledged
  // enough of the earlier ones, or kClosed.
  virtual Task<StreamPtr> open_stream() = 0;

  // The next stream that the peer opens. Throws the reason when the connection ends: kClosed when either side
  // closed it in good order, kTimedOut when the peer went silent, kReset, kMalformed... Cancelable.
  virtual Task<StreamPtr> accept_stream() = 0;

  // Begins to end in good order, at once: the peer is told, streams and accept_stream throw kClosed. close()
  // finishes it.
  virtual void go_away() = 0;

  // Tells the peer, resets what streams are left, ends the pipe and waits for its own tasks. Idempotent; not
  // cancelable.
  virtual Task<void> close() = 0;

  // Streams open now, both directions.
  virtual std::size_t stream_count() const = 0;

  // The round-trip time as measured by the muxer; zero when unknown yet.
  virtual Duration round_trip_time() const = 0;

  // Where the peer is now, of a connection that goes on when the peer's address changes (QUIC).
  virtual std::optional<Multiaddr> remote_address() const { return std::nullopt; }
};

class Muxer {
 public:
  virtual ~Muxer() = default;

  // "/yamux/1.0.0", ...
  virtual ProtocolId id() const = 0;

  // Takes the (secured) channel over.
  virtual std::unique_ptr<MuxedConnection> multiplex(StreamPtr channel, Side side) = 0;
};

}  // namespace warren
