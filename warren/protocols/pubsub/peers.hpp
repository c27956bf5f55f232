// Whom we write to: each connected peer that speaks pubsub has one stream of ours. Follows the host's
// connections, and tries again where that failed.
#pragma once

#include <unordered_map>
#include <vector>

#include "warren/protocols/pubsub/peer_writer.hpp"
#include "warren/protocols/pubsub/queue_view.hpp"

namespace warren::pubsub {

class Peers {
 public:
  struct Callbacks {
    std::function<void(const PeerId&, PeerFacts)> up;
    std::function<void(const PeerId&)> down;
  };
  // All outlive it.
  Peers(Host& host, const GossipConfig& config, Limit* queue_bytes, TaskGroup& tasks, Callbacks callbacks);

  void start();
  void stop() { subscriptions_.clear(); }
  // After stop(), when no task is left: drops all streams.
  void clear() { writers_.clear(); }

  // The peer may have a better connection than before, or have told what it speaks.
  void review(const PeerId& peer) { consider(peer, {}); }
  // The peer has opened a stream to us.
  void note_inbound(const PeerId& peer, Version version) { consider(peer, version); }
  void tick(Instant now);

  bool is_up(const PeerId& peer) const;
  void send(Send&& send);
  void withdraw(const Withdraw& withdraw);
  std::vector<QueueView> queues() const;

 private:
  // A peer whose stream has failed again and again.
  struct Failed {
    Instant again;
    Duration pause;
  };
  using WriterPtr = std::shared_ptr<PeerWriter>;

  void consider(const PeerId& peer, std::optional<Version> inbound);
  Task<void> keep(PeerId peer, WriterPtr writer);
  void look_for_unserved();

  WriterShared shared_;
  std::unordered_map<PeerId, WriterPtr> writers_;
  std::unordered_map<PeerId, Failed> failed_;  // connected ones
  std::vector<Subscription> subscriptions_;
  Instant looked_{};
};

}  // namespace warren::pubsub
