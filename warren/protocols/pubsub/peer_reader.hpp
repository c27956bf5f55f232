// The streams on which peers speak to us. One that speaks nonsense is reset.
// https://github.com/libp2p/specs/blob/master/pubsub/README.md#stream-management
#pragma once

#include <functional>
#include <list>

#include "warren/async/event.hpp"
#include "warren/core/host.hpp"
#include "warren/protocols/pubsub/config.hpp"
#include "warren/protocols/pubsub/router/router.hpp"
#include "warren/protocols/pubsub/rpc_reader.hpp"

namespace warren::pubsub {

class PeerReaders {
 public:
  struct Callbacks {
    // A stream of this peer was opened.
    std::function<void(const PeerId&, Version)> opened;
    // Whether the router knows the peer: what it says before is read then.
    std::function<bool(const PeerId&)> is_up;
    // Whether more messages of this peer can be taken.
    std::function<bool(const PeerId&)> has_room;
    // One RPC; an error ends the stream.
    std::function<Result<>(const PeerId&, BytesView rpc)> receive;
    // All that was there has been received.
    std::function<void()> received;
    // The peer spoke nonsense.
    std::function<void(const PeerId&)> blame;
  };
  // All outlive it.
  PeerReaders(Host& host, const GossipConfig& config, Callbacks callbacks);

  void start();
  // Resets what is being read.
  void stop();
  // After stop(): waits until nothing is read.
  Task<void> close();

  // The router has forgotten the peer: it has to begin anew, and say what it is subscribed to.
  void reset(const PeerId& peer);
  // What streams wait for may have come.
  void notify() { changed_.notify_all(); }
  // Gives up who does not end what it began. Each second or so.
  void tick(Instant now);

 private:
  struct Served {
    PeerId peer;
    ByteStream* stream;
    std::optional<Instant> since;  // an RPC is here in part
  };
  class Place;  // of a stream among those that are served

  Task<void> serve(Version version, ConnectionPtr connection, StreamPtr stream);
  Task<void> read(PeerId peer, ByteStream& stream, Served& served);
  Task<void> wait_until_wanted(PeerId peer);
  void drop_oldest(const PeerId& peer);

  Host& host_;
  const GossipConfig& config_;
  Callbacks callbacks_;
  ReadBudget budget_;
  std::list<Served> served_;  // oldest first
  bool serving_ = false;
  Event changed_;
  Event ended_;
};

}  // namespace warren::pubsub
