// The messages that peers have told us of and we do not have: each is asked of one peer at a time. Who else
// has told of it is asked when that one does not send it, so that nobody can hold a message back by promising
// it.
#pragma once

#include <deque>
#include <unordered_map>
#include <vector>

#include "warren/base/time.hpp"
#include "warren/crypto/peer_id.hpp"
#include "warren/protocols/pubsub/router/fingerprint.hpp"
#include "warren/protocols/pubsub/wire/names.hpp"

namespace warren::pubsub {

class Wants {
 public:
  struct Question {
    Fingerprint message;
    MessageId id;
    PeerId peer;
  };

  // Over `max` messages further ones are asked for and not remembered.
  explicit Wants(std::size_t max = 65'536) : max_(max) {}

  // `peer` has told of it. True: ask the peer. False: another one is asked, this one comes later.
  bool told(Fingerprint message, std::string_view id, const PeerId& peer, Instant now);
  void arrived(Fingerprint message) { wanted_.erase(message); }
  // Those that were asked `patience` ago or earlier: whom to ask now. Messages that nobody else has told of
  // are given up.
  std::vector<Question> ask_others(Duration patience, Instant now);

  std::size_t size() const { return wanted_.size(); }

 private:
  struct Wanted {
    MessageId id;
    PeerId asked;
    std::vector<PeerId> others;
    Instant asked_at;
  };

  std::size_t max_;
  std::unordered_map<Fingerprint, Wanted, FingerprintHash> wanted_;
  std::deque<std::pair<Instant, Fingerprint>> by_age_;
};

}  // namespace warren::pubsub
