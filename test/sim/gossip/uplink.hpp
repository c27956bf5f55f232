// What a node has to send to its peers, and the one wire that all of it leaves by. Peers take turns, a piece
// each, as streams that share a line; for one peer control goes first, then own messages, then forwarded
// ones.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "test/sim/gossip/event_queue.hpp"
#include "warren/protocols/pubsub/router/actions.hpp"

namespace warren::gossip_sim {

class Uplink {
 public:
  explicit Uplink(double bytes_per_second) : rate_(bytes_per_second) {}

  // False: the peer's queue is full (as GossipConfig::queue_bytes_max), and this was not taken.
  bool offer(NodeIndex to, Parcel parcel, pubsub::Priority priority);
  // The peer has the message: what was not begun is not sent.
  void withdraw(NodeIndex to, std::uint32_t message);
  // The connection has gone.
  void forget(NodeIndex to) { lanes_.erase(to); }
  void clear() { lanes_.clear(); }
  std::uint64_t dropped() const { return dropped_; }

  // A piece that goes out now.
  struct Piece {
    NodeIndex to = kNobody;
    Duration took{};                 // until it is out
    std::optional<Parcel> finished;  // its last byte was in the piece
  };
  // Nothing: nothing waits.
  std::optional<Piece> next();

 private:
  struct Waiting {
    Parcel parcel;
    pubsub::Priority priority = pubsub::Priority::kControl;
    std::size_t left = 0;  // bytes
    bool begun() const { return left < parcel.frame->size(); }
  };
  struct Lane {
    std::vector<Waiting> waiting;  // the first goes first
    std::size_t bytes = 0;
  };

  double rate_;
  std::map<NodeIndex, Lane> lanes_;  // only those where something waits
  NodeIndex last_ = kNobody;         // whose turn was the last
  std::uint64_t dropped_ = 0;
};

}  // namespace warren::gossip_sim
