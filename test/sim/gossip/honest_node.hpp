// An honest node of the simulation: the real router, and around it what the pump does: frames in and out, and
// a fixed time for the check of each message instead of its signature.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "test/sim/gossip/ledger.hpp"
#include "test/sim/gossip/network.hpp"
#include "warren/protocols/pubsub/router/router.hpp"
#include "warren/sim/random.hpp"

namespace warren::gossip_sim {

inline constexpr Duration kCheckTime = 1ms;

// Shared by all nodes of a run; outlives them.
struct Common {
  Network* network = nullptr;
  Ledger* ledger = nullptr;
  pubsub::GossipParams params;
  pubsub::TopicScoreParams topic_params;
  std::vector<pubsub::Topic> topics;
};

// An encoded, unsigned Message whose seqno is `number`; `size` bytes of data.
Bytes make_message(const PeerId& author, std::uint32_t number, const pubsub::Topic& topic, std::size_t size);
// The number inside a default message id; kNoMessage: there is none.
std::uint32_t number_of(const pubsub::MessageId& id);

class HonestNode final : public Participant {
 public:
  HonestNode(Common& common, NodeIndex self, std::uint64_t seed)
      : common_(common), self_(self), random_(seed) {}

  void publish(std::uint32_t number, const pubsub::Topic& topic, std::size_t size);
  // Null while offline.
  const pubsub::Router* router() const { return router_.get(); }

  void on_start() override;
  void on_stop() override;
  void on_connected(NodeIndex peer, bool outbound) override;
  void on_disconnected(NodeIndex peer) override;
  void on_parcel(NodeIndex from, const Parcel& parcel) override;
  void on_sent(const Parcel& parcel) override;
  void on_timer() override;
  void on_verdict() override;

 private:
  struct Waiting {
    pubsub::Arrival arrival;
    std::uint32_t message = kNoMessage;
    std::uint8_t hops = 0;
  };
  void accept(const Parcel& parcel, pubsub::Arrival arrival);
  // Does what the router wants done.
  void act();
  Network& network() { return *common_.network; }

  Common& common_;
  NodeIndex self_;
  sim::SeededRandom random_;
  std::unique_ptr<pubsub::Router> router_;
  std::deque<Waiting> waiting_;  // for their verdict
};

}  // namespace warren::gossip_sim
