// Gossipsub on a host: streams, queues and signatures around the Router, which decides.
// https://github.com/libp2p/specs/blob/master/pubsub/gossipsub/gossipsub-v1.2.md
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "warren/core/host.hpp"
#include "warren/core/limit.hpp"
#include "warren/protocols/pubsub/config.hpp"
#include "warren/protocols/pubsub/queue_view.hpp"
#include "warren/protocols/pubsub/router/router.hpp"

namespace warren::pubsub {

// A message that StrictSign has found to be its author's (unless the topic takes unsigned ones).
struct Message {
  Topic topic;
  MessageId id;
  PeerId author;  // whose key signed; empty for unsigned ones
  PeerId from;    // who brought it; ourselves for own ones
  std::uint64_t seqno = 0;
  Bytes data;
};

// Decides over a message before it is delivered and forwarded; runs for many messages at a time. Errors that
// it throws are Verdict::kIgnore. Own messages pass it, too, before they are sent: then anything but kAccept
// makes publish() throw.
using Validator = std::function<Task<Verdict>(std::shared_ptr<const Message> message)>;

// Called in the loop for each accepted message, own ones included.
using MessageHandler = std::function<void(const std::shared_ptr<const Message>& message)>;

struct TopicConfig {
  Router::TopicRules rules;
  Validator validator;  // null: all that is well signed
};

struct PublishReport {
  MessageId id;
  std::size_t queued = 0;   // peers that it was queued for
  std::size_t sent = 0;     // of these: written to their stream
  std::size_t spared = 0;   // of these: had it already
  std::size_t dropped = 0;  // of these: their queue was full, or they went away
  // The rest of `queued` was still waiting when the patience of publish() ended.
};

class GossipSub {
 public:
  // `host` outlives it; so does what `accounts` names. Throws kBadConfig.
  GossipSub(Host& host, GossipConfig config, Accounts accounts = {});
  ~GossipSub();
  GossipSub(const GossipSub&) = delete;
  GossipSub& operator=(const GossipSub&) = delete;

  // Speaks with those who are connected, and with all who will be.
  void start();
  // Ends all streams and waits until nothing runs; what waits in queues is dropped. Not while publish() runs.
  Task<void> close();

  // Joins a topic: `handler` is called until leave(); null: the topic is forwarded only. kExists: it is
  // joined; kLimitReached; kBadTopic: empty, or longer than peers take. In unsigned mode a topic whose
  // messages are named by their author is named by content instead.
  Result<> join(Topic topic, TopicConfig config, MessageHandler handler);
  void leave(const Topic& topic);
  // How messages of a topic are named and judged that is published to without being joined. Not for joined
  // ones.
  void configure(Topic topic, TopicConfig config);

  // Signs and sends. Returns when all copies were written or dropped, or after `patience`; zero: at once.
  // Throws kTooLarge; kNotAccepted: by the topic's own validator; kBadTopic; kReplayed: a topic that names
  // messages by content has had this one. Cancelable: what is queued is sent all the same.
  Task<PublishReport> publish(Topic topic, Bytes data, Duration patience = 2s);

  // Verdicts of our own for a message that is already forwarded: it turned out to be bad.
  void blame(const PeerId& from, double count = 1);
  // Peers that must always be connected and sent to. Their addresses are in the peerstore.
  void add_direct(const PeerId& peer);
  // Where the signed records come from that peers are offered with (params.peer_exchange); without, none is.
  void set_record_source(Router::RecordSource source);
  // Identify has told what the peer speaks. Without it, that is found out a little later.
  void review(const PeerId& peer);

  std::vector<TopicView> topics() const;
  std::vector<QueueView> queues() const;
  const RouterCounters& counters() const;
  // Signatures verified, and the time that took on the pool.
  const Verifications& verifications() const;
  // The peers of a topic, those of the mesh first.
  std::vector<PeerId> topic_peers(const Topic& topic) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace warren::pubsub
