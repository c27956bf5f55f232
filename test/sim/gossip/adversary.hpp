// A sybil: speaks gossipsub without keeping to its rules. All sybils of a run are one crew, under one
// command.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <vector>

#include "test/sim/gossip/ledger.hpp"
#include "test/sim/gossip/network.hpp"
#include "warren/protocols/pubsub/wire/rpc.hpp"

namespace warren::gossip_sim {

enum class Deeds {
  kHonest,   // pass all messages on
  kDrop,     // none
  kCensor,   // all but those of one publisher
  kDegrade,  // some, and late
};

// What the crew does now, and what its members share; outlives them.
struct Crew {
  Network* network = nullptr;
  Ledger* ledger = nullptr;
  std::vector<pubsub::Topic> topics;
  Deeds deeds = Deeds::kHonest;
  NodeIndex censored = kNobody;
  bool insistent = false;
  bool lies = false;
};

class Sybil final : public Participant {
 public:
  Sybil(Crew& crew, NodeIndex self) : crew_(crew), self_(self) {}

  void on_start() override;
  void on_stop() override {}
  void on_connected(NodeIndex peer, bool outbound) override;
  void on_disconnected(NodeIndex peer) override;
  void on_parcel(NodeIndex from, const Parcel& parcel) override;
  void on_sent(const Parcel&) override {}
  void on_timer() override;
  void on_verdict() override {}

 private:
  struct Late {
    Instant at{};
    NodeIndex from = kNobody;
    Parcel parcel;
  };
  // In one topic.
  struct Standing {
    bool in_mesh = false;
    Instant graft_at{};  // not before
  };
  using Place = std::pair<NodeIndex, std::size_t>;  // a peer, and which topic

  void take_message(NodeIndex from, const Parcel& parcel);
  void pass_on(NodeIndex from, const Parcel& parcel);
  void heartbeat();
  void send(NodeIndex to, const pubsub::Rpc& rpc);
  Instant now() const { return crew_.network->now(); }

  Crew& crew_;
  NodeIndex self_;
  std::map<Place, Standing> places_;
  std::deque<Late> late_;
  std::vector<std::string> promised_;  // ids for the next IHAVE
  Instant heartbeat_{};
};

}  // namespace warren::gossip_sim
