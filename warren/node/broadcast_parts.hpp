// What a node's topics are made of, top to bottom: the store of what must not get lost, gossipsub,
// broadcasts, and the search for a topic's peers.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "warren/broadcast/broadcasts.hpp"
#include "warren/node/config.hpp"
#include "warren/node/signed_records.hpp"
#include "warren/node/topic_finder.hpp"
#include "warren/storage/sqlite_broadcast_store.hpp"
#include "warren/swarm/limit_table.hpp"

namespace warren {

// What the node lends. All of it outlives the parts.
struct BroadcastPartsNeeds {
  Host& host;
  identify::Identify& identify;
  LimitTable& limits;
  Discovery::Parts& discovery;
  const Config& config;
};

class BroadcastParts {
 public:
  // Opens broadcasts.db. Throws kStorage, kBadConfig.
  explicit BroadcastParts(BroadcastPartsNeeds needs);

  void start();
  Task<void> close();

  Broadcasts& broadcasts() { return broadcasts_; }
  const pubsub::GossipSub& gossip() const { return gossip_; }

 private:
  std::unique_ptr<SqliteBroadcastStore> store_;
  std::optional<SignedRecords> records_;  // where peers are offered others
  pubsub::GossipSub gossip_;
  Broadcasts broadcasts_;
  std::optional<TopicFinder> finder_;  // none where it is off
  std::vector<Subscription> subscriptions_;
};

}  // namespace warren
