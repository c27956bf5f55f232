// All topics that somebody is subscribed to, us included, within the bounds of what peers may make us keep.
#pragma once

#include <map>
#include <string_view>

#include "warren/protocols/pubsub/router/params.hpp"
#include "warren/protocols/pubsub/router/peer_state.hpp"
#include "warren/protocols/pubsub/router/topic_state.hpp"

namespace warren::pubsub {

class Subscriptions {
 public:
  Subscriptions(std::size_t topics_per_peer_max, std::size_t topics_max)
      : topics_per_peer_max_(topics_per_peer_max), topics_max_(topics_max) {}

  TopicState* find(std::string_view topic) const;
  // Makes it one of our own; no bound.
  TopicState& own(std::string_view topic);

  // False: over a bound, and not kept.
  bool subscribe(PeerState& peer, std::string_view topic);
  void unsubscribe(PeerState& peer, TopicState& topic);
  void unsubscribe_all(PeerState& peer);
  // Forgets one that nobody is subscribed to and that is none of our own.
  void drop_if_unused(TopicState& topic);

  static bool is_subscribed(const PeerState& peer, const TopicState& topic);
  // Our own, in the order of their names.
  const std::vector<TopicState*>& owned() const { return owned_; }
  std::size_t size() const { return topics_.size(); }

 private:
  std::size_t topics_per_peer_max_;
  std::size_t topics_max_;
  std::map<Topic, std::unique_ptr<TopicState>, std::less<>> topics_;
  std::vector<TopicState*> owned_;
};

}  // namespace warren::pubsub
