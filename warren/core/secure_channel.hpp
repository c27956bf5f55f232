// The two steps that turn a raw byte pipe into a connection: secure it, then multiplex it.
#pragma once

#include <optional>
#include <vector>

#include "warren/core/stream.hpp"
#include "warren/crypto/keys.hpp"
#include "warren/crypto/peer_id.hpp"

namespace warren {

// Which end of the pipe this is: the initiator dialed.
enum class Side { kInitiator, kResponder };

// A pipe whose other end is known and whose bytes nobody else reads or changes.
class SecureChannel : public ByteStream {
 public:
  virtual const PeerId& remote_peer() const = 0;
  virtual const PublicKey& remote_key() const = 0;
  // The muxer that both ends agreed on inside the handshake, when they did
  // (connections/inlined-muxer-negotiation.md); else it is negotiated on the channel.
  virtual const std::optional<ProtocolId>& early_muxer() const = 0;
};

class SecureTransport {
 public:
  virtual ~SecureTransport() = default;

  // "/noise", ...
  virtual ProtocolId id() const = 0;

  // Performs the handshake. `expected` is the peer that must be there: another one is kPeerIdMismatch.
  // `muxers` are offered, best first, for early negotiation. Throws what went wrong, having reset `raw`. The
  // caller sets the time limit.
  virtual Task<std::unique_ptr<SecureChannel>> secure(StreamPtr raw, Side side,
                                                      std::optional<PeerId> expected,
                                                      std::vector<ProtocolId> muxers) = 0;
};

}  // namespace warren
