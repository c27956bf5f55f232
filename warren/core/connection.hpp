// A secured, multiplexed connection to a known peer, as protocols see it.
#pragma once

#include <memory>
#include <string>
#include <system_error>

#include "warren/base/time.hpp"
#include "warren/core/circuit.hpp"
#include "warren/core/path_health.hpp"
#include "warren/core/secure_channel.hpp"
#include "warren/multiformats/multiaddr.hpp"

namespace warren {

enum class Direction { kInbound, kOutbound };

class Connection {
 public:
  virtual ~Connection() = default;

  virtual const PeerId& remote_peer() const = 0;
  virtual const PublicKey& remote_key() const = 0;
  // Addresses as this end sees them, without /p2p. The peer's may change (QUIC).
  virtual const Multiaddr& local_address() const = 0;
  virtual Multiaddr remote_address() const = 0;
  virtual Direction direction() const = 0;
  // What secures and what multiplexes it: "/noise", "/yamux/1.0.0"...
  virtual const ProtocolId& security() const = 0;
  virtual const ProtocolId& muxer() const = 0;
  virtual Instant opened_at() const = 0;
  // The muxer's measure; zero when unknown yet.
  virtual Duration round_trip_time() const = 0;
  // Of a relayed connection: what its relay lets it carry. Null when the path is direct, or without limits.
  virtual const CircuitBudget* circuit_budget() const { return nullptr; }
  // What heartbeats have found. Connections that nobody listens to for heartbeats are healthy.
  virtual PathHealth health() const { return {}; }
  virtual void note_health(const PathHealth& /*health*/) {}
  virtual bool is_open() const = 0;
  // Why it ended, kClosed when in good order; no error while it is open.
  virtual std::error_code end_reason() const = 0;

  // A stream that speaks `protocol`, proposed optimistically: the first write carries the proposal, and the
  // first read throws kProtocolNotSupported if the peer does not speak it. Throws kLimitReached or kClosed.
  virtual Task<StreamPtr> open_stream(ProtocolId protocol) = 0;

  // Ends the connection in good order. Handlers that speak on it are canceled.
  virtual void close() = 0;
  // The same, with another end_reason(): what waits on its streams fails at once.
  virtual void close_because(std::error_code /*reason*/) { close(); }
};

// Whoever holds one may find it closed, never dangling (as long as the host lives).
using ConnectionPtr = std::shared_ptr<Connection>;

}  // namespace warren
