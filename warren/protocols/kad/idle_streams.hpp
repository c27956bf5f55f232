// Streams on which a peer has answered, kept a short while for the next question: at most one of a peer.
#pragma once

#include <map>

#include "warren/core/connection.hpp"
#include "warren/protocols/kad/limits.hpp"

namespace warren::kad {

class IdleStreams {
 public:
  // The one that waits on this connection; null when there is none.
  StreamPtr take(const Connection& connection, Instant now);
  void keep(const ConnectionPtr& connection, StreamPtr stream, Instant now);

  // Those of this peer, or those whose time is up, or all.
  void drop(const PeerId& peer) { idle_.erase(peer); }
  void sweep(Instant now);
  void clear() { idle_.clear(); }

  bool empty() const { return idle_.empty(); }

 private:
  struct Idle {
    std::weak_ptr<Connection> connection;
    StreamPtr stream;
    Instant until;
  };
  std::map<PeerId, Idle> idle_;
};

}  // namespace warren::kad
