// Who must not be grafted to a topic for a while, because one of both has pruned the other.
// https://github.com/libp2p/specs/blob/master/pubsub/gossipsub/gossipsub-v1.1.md#prune-backoff-and-peer-exchange
#pragma once

#include <optional>
#include <unordered_map>

#include "warren/base/time.hpp"
#include "warren/crypto/peer_id.hpp"

namespace warren::pubsub {

// What a peer says in a PRUNE, any 64-bit number of seconds, as a duration of at most `max`. None or zero is
// `otherwise`.
Duration told_backoff(std::optional<std::uint64_t> seconds, Duration otherwise, Duration max);

// Of one topic.
class Backoffs {
 public:
  struct Backoff {
    Instant since;
    Instant until;
    bool crossed = false;  // a GRAFT has been forgiven
  };

  // Over `max` peers the one that would end first ends.
  explicit Backoffs(std::size_t max = 8192) : max_(max) {}

  // Starts one, or prolongs it; never shortens.
  void add(const PeerId& peer, Duration duration, Instant now);
  // The one that is running.
  std::optional<Backoff> running(const PeerId& peer, Instant now) const;
  // Whether a GRAFT that comes now can have been on its way when the peer was pruned: one that comes within
  // `journey`. True once for each back-off.
  bool forgive_crossing(const PeerId& peer, Duration journey, Instant now);
  // Whether we may graft: `slack` later than it ends, since the other's clock may be behind.
  bool forbids_graft(const PeerId& peer, Duration slack, Instant now) const;
  void expire(Duration slack, Instant now);

  std::size_t size() const { return peers_.size(); }

 private:
  std::size_t max_;
  std::unordered_map<PeerId, Backoff> peers_;
};

}  // namespace warren::pubsub
