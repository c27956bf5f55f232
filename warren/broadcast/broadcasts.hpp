// Broadcasts: gossipsub's topics, signed by nodes, numbered by their origins, and repaired where some got
// lost.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "warren/broadcast/limits.hpp"
#include "warren/broadcast/topic.hpp"
#include "warren/core/broadcast_store.hpp"
#include "warren/core/host.hpp"
#include "warren/core/signal.hpp"
#include "warren/crypto/keys.hpp"
#include "warren/protocols/pubsub/gossipsub.hpp"

namespace warren {

struct BroadcastNeeds {
  Host& host;
  pubsub::GossipSub& gossip;
  BroadcastStore& store;  // called on the offload pool
  const Sm2PrivateKey& key;
  std::string network;
  BroadcastLimits limits;
};

class Broadcasts {
 public:
  // All that is needed outlives it. Live messages stamped before now are refused.
  explicit Broadcasts(BroadcastNeeds needs);
  ~Broadcasts();
  Broadcasts(const Broadcasts&) = delete;
  Broadcasts& operator=(const Broadcasts&) = delete;

  // Begins to answer others who miss something.
  void start();
  // Leaves all topics, once what has come is delivered. Subscriptions may be destroyed later. Calls that are
  // still in broadcast() must have ended, or be canceled, before.
  Task<void> close();

  // Sends to all subscribers, our own included, in the order of the calls; on warren topics at nine tenths of
  // the rate that others take from one origin (limits), after a burst: more wait here. Throws kBadTopic;
  // kTooLarge; kBadConfig: reliable on a plain topic, or a ttl out of range; kNotAccepted: our own validator
  // does not take it; kLimitReached: too many topics; kStorage: it was to be reliable and could not be
  // stored, so it was not sent; kClosed. Not an error: nobody is there (queued is 0). Cancelable: what has
  // its number by then is sent all the same.
  Task<BroadcastReport> broadcast(std::string topic, Bytes payload, BroadcastOptions options = {});

  // Until the subscription is destroyed. Further subscriptions to a topic share it; it is reliable as long as
  // one of them is. Throws kBadTopic, kLimitReached; kBadConfig: a plain topic can't be reliable, or there is
  // no on_message; kClosed.
  [[nodiscard]] Subscription subscribe(std::string topic, TopicOptions options, TopicHandler handler);

  // Those subscribed, and those published to in this run.
  std::vector<TopicStatus> topics() const;

  // A topic was joined or left, by its name on the wire: for who looks for its peers.
  Signal<const std::string&, bool>& joined();

 private:
  struct State;
  std::shared_ptr<State> state_;  // weakly held by subscriptions and validators, which may outlive it
};

}  // namespace warren
