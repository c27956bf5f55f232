// Between the router and the world: what peers say goes in, what the router wants done is done, and time
// passes.
#pragma once

#include <set>

#include "warren/protocols/pubsub/dials.hpp"
#include "warren/protocols/pubsub/peer_reader.hpp"
#include "warren/protocols/pubsub/peers.hpp"
#include "warren/protocols/pubsub/validation.hpp"

namespace warren::pubsub {

struct GossipSub::State {
  State(Host& host, GossipConfig config, Accounts accounts);

  // Does what the router wants done. After each call of the router that may want something.
  void pump();
  Task<void> keep_time();
  // Calls the topic's handler, if it is joined.
  void deliver(const std::shared_ptr<const Message>& message);
  void peer_is_up(const PeerId& peer, const PeerFacts& facts);
  void peer_is_down(const PeerId& peer);
  void protect(const PeerId& peer);
  void unprotect(const PeerId& peer);
  Result<> check(const Topic& topic) const;
  // The rules under which the router names messages.
  Router::TopicRules rules_of(const TopicConfig& topic) const;
  Bytes encode(const Topic& topic, BytesView data);
  Task<void> throw_unless_accepted(std::shared_ptr<TopicEntry> entry, std::shared_ptr<const Message> message);
  Instant now() const { return host.env().clock.now(); }

  Host& host;
  const GossipConfig config;
  Accounts accounts;
  Router router;
  TopicTable topics;
  std::uint64_t seqno;
  std::set<PeerId> protected_peers;
  bool pumping = false;
  Instant planned = Instant::min();  // when keep_time() looks again
  Event plan_changed;
  TaskGroup tasks;
  Peers peers;
  PeerReaders readers;
  Validation validation;
  Dials dials;
};

}  // namespace warren::pubsub
