// Gossipsub's decisions, all of them, without I/O: what comes from peers, from the application and from the
// clock goes in, and what to do comes out (take_actions). Real nodes and simulations run the same code.
// https://github.com/libp2p/specs/blob/master/pubsub/gossipsub/gossipsub-v1.1.md
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "warren/env/random.hpp"
#include "warren/protocols/pubsub/router/actions.hpp"
#include "warren/protocols/pubsub/router/params.hpp"
#include "warren/protocols/pubsub/router/topic_view.hpp"
#include "warren/protocols/pubsub/score/peer_scores.hpp"
#include "warren/protocols/pubsub/wire/message.hpp"

namespace warren::pubsub {

struct PeerFacts {
  Version version = Version::kV12;
  bool outbound = false;               // we dialed
  std::optional<IpAddress> from = {};  // none over a relay
};

// A message that came and is new: it waits for its verdict. Two that differ may have one id, until one of
// them is accepted or the others are found to be forged.
struct Arrival {
  MessageId id;
  Topic topic;
  PeerId from;        // who brought it
  Frame frame;        // what will be forwarded; `message` is a part of it
  BytesView message;  // the encoded Message
};

enum class Verdict {
  kAccept,  // deliver and forward
  kIgnore,  // drop; nobody is to blame
  kReject,  // drop; who brought it is to blame
  // As kReject, but its signature is not its author's: its id may be that of an honest message, which must
  // not be taken for a copy of this one.
  kForged,
};

struct Published {
  MessageId id;
  std::size_t queued = 0;  // peers
};

class Router {
 public:
  // `random` outlives it. Precondition: params.check().
  Router(PeerId self, GossipParams params, Random& random);
  ~Router();
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  // --- peers ---
  // A stream to the peer is open: it is told at once what we are subscribed to. Of a peer that is known
  // already: it is a new stream, what the peer has said of its subscriptions stays. What peers say before
  // they are added is not read.
  void add_peer(const PeerId& peer, PeerFacts facts, Instant now);
  void remove_peer(const PeerId& peer, Instant now);
  // Explicit peers: always sent to, never grafted, dialed again and again; both sides must agree.
  void add_direct(const PeerId& peer);
  // P7: offences that only the application can see.
  void blame(const PeerId& peer, double count = 1);
  // Where the signed peer records come from that are offered with params.peer_exchange; empty bytes: there is
  // none, and the peer is not offered.
  using RecordSource = std::function<Bytes(const PeerId&)>;
  void set_record_source(RecordSource source);

  // --- topics ---
  // `id`: how the topic's messages are named.
  struct TopicRules {
    MessageIdFunction id = default_message_id;
    std::optional<TopicScoreParams> score = TopicScoreParams{};
  };
  // How messages of the topic are named and scored, also while we only publish to it.
  void set_rules(const Topic& topic, TopicRules rules);
  void join(const Topic& topic, Instant now);
  void leave(const Topic& topic, Instant now);
  bool is_joined(const Topic& topic) const;

  // --- messages ---
  // One RPC, without its length. What is new in it; each must get its verdict. kMalformed, kTooLarge...: the
  // peer speaks nonsense, and its stream should be reset. What is sent by peers below the graylist threshold
  // is not read.
  Result<std::vector<Arrival>> receive(const PeerId& from, BytesView rpc, Instant now);
  // The same with its length before it, which must be right: a frame with one message and nothing else is
  // kept and forwarded as it is, without a copy.
  Result<std::vector<Arrival>> receive(const PeerId& from, const Frame& frame, Instant now);
  void judge(const Arrival& arrival, Verdict verdict, Instant now);
  // An own message, encoded (sign_message). kReplayed: it was seen before. Nobody need be subscribed.
  Result<Published> publish(Bytes message, std::shared_ptr<SendTally> tally, Instant now);

  // --- time ---
  // Heartbeats and delayed sends. Call wake() when next_wake() has come; at first that is at once, which
  // starts the heartbeats.
  Instant next_wake() const;
  void wake(Instant now);

  // What has to be done since the last call; its order is kept for each peer, and its sends come before its
  // withdrawals.
  Actions take_actions();

  // --- what is known ---
  double score(const PeerId& peer, Instant now) const;
  // Who is subscribed to it, the peers of its mesh first.
  std::vector<PeerId> topic_peers(const Topic& topic) const;
  // Topics that are joined, were published to lately, or have rules.
  std::vector<TopicView> topics(Instant now) const;
  const RouterCounters& counters() const;
  RouterSizes sizes() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace warren::pubsub
