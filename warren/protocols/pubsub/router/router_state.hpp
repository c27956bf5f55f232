// The inside of the router: its parts, and what the files router_*.cpp do with them.
#pragma once

#include <unordered_map>

#include "warren/protocols/pubsub/router/control_batch.hpp"
#include "warren/protocols/pubsub/router/fingerprint.hpp"
#include "warren/protocols/pubsub/router/message_cache.hpp"
#include "warren/protocols/pubsub/router/peer_state.hpp"
#include "warren/protocols/pubsub/router/promises.hpp"
#include "warren/protocols/pubsub/router/router.hpp"
#include "warren/protocols/pubsub/router/seen_cache.hpp"
#include "warren/protocols/pubsub/router/stagger.hpp"
#include "warren/protocols/pubsub/router/subscriptions.hpp"
#include "warren/protocols/pubsub/router/topic_state.hpp"
#include "warren/protocols/pubsub/router/wants.hpp"

namespace warren::pubsub {

// A message on its way out.
struct Outgoing {
  Fingerprint key = 0;
  MessageId id;
  Frame frame;
  Priority priority = Priority::kForwarded;
  std::shared_ptr<SendTally> tally;
};

struct Router::State {
  State(PeerId own_id, GossipParams its_params, Random& its_random);

  // --- peers (router_peers.cpp) ---
  PeerState* find(const PeerId& peer) const;
  void add_peer(const PeerId& peer, PeerFacts facts, Instant now);
  void remove_peer(const PeerId& peer, Instant now);
  void leave_meshes(PeerState& peer);
  double score(PeerState& peer, Instant now);
  void penalize(PeerState& peer, double count);
  PeerBudget& budget(PeerState& peer);
  // Never grafted and always sent to.
  static bool is_special(const PeerState& peer) { return peer.direct || !peer.speaks(Version::kV10); }
  void take_subscriptions(PeerState& peer, const Rpc& rpc, Instant now);

  // --- topics (router_topics.cpp) ---
  void join(const Topic& topic, Instant now);
  void leave(const Topic& topic, Instant now);
  void announce(const Topic& topic, bool subscribe);
  std::vector<TopicView> views(Instant now);
  RouterSizes sizes() const;

  // --- meshes (router_mesh.cpp) ---
  bool may_graft(const PeerState& peer, const TopicState& topic, Instant now) const;
  void add_to_mesh(PeerState& peer, TopicState& topic, Instant now);
  void remove_from_mesh(PeerState& peer, TopicState& topic, Instant now);
  void graft(PeerState& peer, TopicState& topic, ControlBatch& batch, Instant now);
  // Out of the mesh, told so, and backed off.
  void prune(PeerState& peer, TopicState& topic, Duration backoff, bool offer, ControlBatch& batch,
             Instant now);
  void tell_prune(PeerState& peer, TopicState& topic, Duration backoff, bool offer, ControlBatch& batch,
                  Instant now);
  void take_grafts(PeerState& peer, const Control& control, ControlBatch& batch, Instant now);
  void take_graft(PeerState& peer, TopicState& topic, ControlBatch& batch, Instant now);
  void take_prunes(PeerState& peer, const Control& control, Instant now);
  void mend(TopicState& topic, ControlBatch& batch, Instant now);
  void mend_fanout(TopicState& topic, Instant now);
  // Some that could be in the mesh or fanout: subscribed gossipsub peers, not direct, not in `except`.
  std::vector<PeerState*> others(const TopicState& topic, const std::vector<PeerState*>& except) const;

  // --- messages (router_messages.cpp) ---
  Result<std::vector<Arrival>> receive(const PeerId& from, BytesView bytes, const Frame& whole, Instant now);
  Result<std::vector<Arrival>> take_messages(PeerState& peer, const Rpc& rpc, const Frame& whole,
                                             Instant now);
  bool is_duplicate(Fingerprint key, BytesView message, Instant now);
  void take_duplicate(PeerState& peer, TopicState& topic, Fingerprint key, const MessageId& id,
                      std::size_t size, Instant now);
  // The peer has it: we need not send it.
  void note_known(PeerState& peer, Fingerprint key, Instant now);
  void judge(const Arrival& arrival, Verdict verdict, Instant now);
  // Its end, for the scores and for the copies that are still to come.
  void settle(const Arrival& arrival, Fingerprint key, Verdict verdict, Instant now);
  void forward(const Arrival& arrival, Fingerprint key, TopicState& topic, Instant now);
  Result<Published> publish(Bytes message, std::shared_ptr<SendTally> tally, Instant now);
  void add_specials(std::vector<PeerState*>& to, const TopicState& topic, Instant now);
  void spread(TopicState& topic, Outgoing message, std::vector<PeerState*> to, Instant now);
  void send_message(PeerState& peer, const Topic& topic, const Outgoing& message);
  void send_delayed(Delayed message, Instant now);

  // --- gossip (router_gossip.cpp) ---
  void tell_idontwant(const PeerState& from, const std::vector<Arrival>& arrivals);
  void take_ihave(PeerState& peer, const Control& control, Instant now);
  void take_iwant(PeerState& peer, const Control& control, Instant now);
  void take_idontwant(PeerState& peer, const Control& control, Instant now);
  void emit_gossip(TopicState& topic, const std::vector<PeerState*>& except, Instant now);
  void ask_others(Instant now);

  // --- time (router_heartbeat.cpp) ---
  void wake(Instant now);
  void heartbeat(Instant now);
  void dial_direct(Instant now);

  void send_control(const PeerState& peer, const Rpc& rpc);
  void send(ControlBatch& batch);

  const PeerId self;
  const GossipParams params;
  Random& random;
  const Fingerprints fingerprints{random};
  std::optional<PeerScores> scores;  // none: everybody has 0
  RecordSource record_source;

  std::unordered_map<PeerId, std::unique_ptr<PeerState>> by_id;
  std::vector<PeerState*> peers;  // in the order in which they came
  std::vector<PeerId> direct;
  std::size_t specials = 0;  // of the peers
  Subscriptions subscriptions{params.topics_per_peer_max, params.topics_max};

  SeenCache seen{params.seen_ttl, params.seen_max};
  MessageCache cache{params.history_length, params.history_gossip, params.history_bytes_max};
  Promises promises{params.iwant_followup};
  Wants wants;
  Stagger stagger;
  SpreadPace pace;
  // Without a verdict: what came under each id.
  std::unordered_map<Fingerprint, std::vector<Frame>, FingerprintHash> pending;

  std::uint64_t heartbeats = kKnownHeartbeats;  // so that no window of KnownMessages looks current
  std::optional<Instant> next_heartbeat;
  Instant next_direct_dial = Instant::min();
  std::size_t dials_left = 0;  // in this heartbeat, of those that peers offer

  Actions actions;
  RouterCounters counters;
};

}  // namespace warren::pubsub
