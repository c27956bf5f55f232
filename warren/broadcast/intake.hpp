// The way in for every broadcast of others, whether it was gossiped or fetched: the rules, the signature on
// the pool, the application's validator; only then it is remembered and delivered. docs/wire.md, "Broadcast".
#pragma once

#include <unordered_map>

#include "warren/broadcast/deliveries.hpp"
#include "warren/broadcast/topic_rules.hpp"

namespace warren {

class Intake {
 public:
  // All outlive this object.
  Intake(Env& env, TopicRules& rules, Deliveries& deliveries, const BroadcastLimits& limits)
      : env_(env), rules_(rules), deliveries_(deliveries), limits_(limits) {}

  struct Incoming {
    Bytes wire;  // the Envelope
    BroadcastWay way = BroadcastWay::kLive;
    PeerId from;    // who brought it
    PeerId author;  // whose transport key signed what it came in; empty: fetched
  };

  // Takes one. What TopicRules and verify_signature fail with; kReplayed: it was had; kExists: its origin
  // gave the number to another message before; kNotAccepted, kDenied: the validator ignores, or rejects it.
  // kNotSubscribed: nobody is, any more.
  Task<Result<>> take(TopicPtr topic, Incoming incoming);

  // Whether one could be taken, for who only forwards. Fails as take().
  Task<Result<>> check(TopicPtr topic, Incoming incoming);

  // An own message: it was sent, and is delivered if somebody subscribed.
  void take_own(const TopicPtr& topic, const BroadcastOrigin& origin, TopicMessage message);

 private:
  // The key inside the sender's name; kBadKey.
  Task<Result<Sm2PublicKey>> key_of(NodeKey sender);
  Task<Result<MessageId>> verify(const OpenedBroadcast& opened, const Sm2PublicKey& key,
                                 const Incoming& incoming);

  Env& env_;
  TopicRules& rules_;
  Deliveries& deliveries_;
  const BroadcastLimits& limits_;
  std::unordered_map<NodeKey, Sm2PublicKey, ArrayHash> keys_;  // of origins that have signed something
};

}  // namespace warren
