// Who has told of a message, was asked for it, and has not sent it in time.
// https://github.com/libp2p/specs/blob/master/pubsub/gossipsub/gossipsub-v1.1.md#p7-behavioural-penalty
#pragma once

#include <deque>
#include <unordered_map>
#include <vector>

#include "warren/base/time.hpp"
#include "warren/crypto/peer_id.hpp"
#include "warren/protocols/pubsub/router/fingerprint.hpp"

namespace warren::pubsub {

class Promises {
 public:
  // Over `max` open ones no further are watched.
  explicit Promises(Duration followup, std::size_t max = 16'384) : followup_(followup), max_(max) {}

  // An IWANT was sent; one of its messages stands for all, so that a burst that gets lost is one offence.
  void add(const PeerId& peer, Fingerprint message, Instant now);
  // It came, from whomever: nobody can send it first any more.
  void fulfil(Fingerprint message) { open_.erase(message); }
  // Those whose time is over, once; a peer as often as it has broken one.
  std::vector<PeerId> take_broken(Instant now);

  std::size_t size() const { return by_age_.size(); }

 private:
  struct Promise {
    Fingerprint message;
    PeerId peer;
    Instant until;
  };

  Duration followup_;
  std::size_t max_;
  std::deque<Promise> by_age_;
  std::unordered_map<Fingerprint, std::size_t, FingerprintHash> open_;  // promises of each
};

}  // namespace warren::pubsub
