// Looks after a subscribed topic: tells of gaps, compares notes with other subscribers of a reliable topic,
// and gives up what nobody has any more.
#pragma once

#include "warren/broadcast/intake.hpp"
#include "warren/core/host.hpp"
#include "warren/protocols/pubsub/gossipsub.hpp"

namespace warren {

class TopicTender {
 public:
  // All outlive this object.
  TopicTender(Host& host, pubsub::GossipSub& gossip, BroadcastStore& store, Intake& intake,
              Deliveries& deliveries, const BroadcastLimits& limits)
      : host_(host),
        gossip_(gossip),
        store_(store),
        intake_(intake),
        deliveries_(deliveries),
        limits_(limits) {}

  // Tells of gaps, until the topic's life is over.
  Task<void> tend(TopicPtr topic, TopicLifePtr life);
  // Compares notes while the topic is reliable, until its life is over.
  Task<void> compare_notes(TopicPtr topic, TopicLifePtr life);

  // Returns when messages can be judged: at once, or when the store has told what it remembers of a reliable
  // topic, or when the topic's life is over.
  static Task<void> until_restored(TopicPtr topic, TopicLifePtr life);

 private:
  Task<void> restore(TopicPtr topic, TopicLifePtr life);
  void tell(const TopicPtr& topic, TopicLife& life);
  Task<void> compare(TopicPtr topic, TopicLifePtr life);
  Task<void> ask(TopicPtr topic, TopicLifePtr life, PeerId peer);
  // How many were new. None: what it gave is nonsense, and it was blamed.
  Task<std::optional<std::size_t>> take_all(TopicPtr topic, PeerId peer, std::vector<Bytes> envelopes);
  Task<void> rest(TopicPtr topic, TopicLifePtr life, std::uint64_t stirs_seen);
  // Connected peers of the topic that speak repair, those of the mesh first.
  std::vector<PeerId> candidates(const TopicEntry& topic) const;

  Host& host_;
  pubsub::GossipSub& gossip_;
  BroadcastStore& store_;
  Intake& intake_;
  Deliveries& deliveries_;
  const BroadcastLimits& limits_;
};

}  // namespace warren
