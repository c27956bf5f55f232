// A node's place in the network, as protocols see it: who we are, who is connected, how to open and serve
// streams.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "warren/core/connection.hpp"
#include "warren/core/dial_outcome.hpp"
#include "warren/core/peerstore.hpp"
#include "warren/core/signal.hpp"
#include "warren/env/env.hpp"

namespace warren {

// Serves one inbound stream. What it throws as std::system_error ends this stream only, by a reset. The host
// cancels it when the connection closes. Parameters by value: the handler's coroutine owns them.
using StreamHandler = std::function<Task<void>(ConnectionPtr connection, StreamPtr stream)>;

// A connection or a stream that was not taken, and why.
struct HostRefusal {
  std::error_code reason;         // kLimitReached, kDenied, what the handshake failed with...
  std::string_view knob;          // the limit, when it was one
  std::optional<PeerId> peer;     // when it was known already
  std::optional<Multiaddr> from;  // the remote end
};

// New streams to the peer take another path than before.
struct PathChange {
  PeerId peer;
  ConnectionPtr best;  // from now on; null: none is left
};

struct HostEvents {
  Signal<const ConnectionPtr&> connected;     // a new connection, in either direction
  Signal<const ConnectionPtr&> disconnected;  // it has ended
  Signal<const PathChange&> path_changed;     // also: the first, and none any more
  Signal<const HostRefusal&> refused;         // inbound only: who dials gets the reason as an error
  Signal<const DialOutcome&> dialed;          // each address of a dial, when the dial has ended
  Signal<> protocols_changed;                 // handle() or unhandle()
  Signal<> addresses_changed;                 // what addresses() returns
  Signal<> network_changed;                   // this machine's links or addresses; routes settle soon after
};

class Host {
 public:
  virtual ~Host() = default;

  virtual Env& env() = 0;
  virtual const PeerId& peer_id() const = 0;
  virtual const PrivateKey& key() const = 0;
  virtual Peerstore& peerstore() = 0;
  virtual HostEvents& events() = 0;

  // Addresses at which others may reach us: concrete interface addresses and ports, never unspecified ones.
  virtual std::vector<Multiaddr> addresses() const = 0;

  virtual void handle(ProtocolId protocol, StreamHandler handler) = 0;
  virtual void unhandle(const ProtocolId& protocol) = 0;
  virtual std::vector<ProtocolId> protocols() const = 0;

  // The connection to this peer, dialing its known and given addresses when there is none. Throws
  // kNoAddresses, kUnreachable, kPeerIdMismatch, kTimedOut, kSelfDial... with the reason of each attempt in
  // what(). Cancelable.
  virtual Task<ConnectionPtr> connect(PeerInfo peer) = 0;

  // The same, and over which paths. Throws kNoDirectPath, too.
  virtual Task<ConnectionPtr> connect_over(PathPolicy policy, PeerInfo peer) = 0;

  // The open connections: to one peer (best first, relayed ones last), or all.
  virtual std::vector<ConnectionPtr> connections(const PeerId& peer) const = 0;
  virtual std::vector<ConnectionPtr> connections() const = 0;

  // Connections to this peer are not closed to make room for others until each tag was taken off as often as
  // it was put on. kLimitReached when too many are protected.
  virtual Result<> protect(const PeerId& peer, std::string_view tag) = 0;
  // Whether the peer is still protected.
  virtual bool unprotect(const PeerId& peer, std::string_view tag) = 0;
};

}  // namespace warren
