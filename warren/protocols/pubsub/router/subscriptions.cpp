#include "warren/protocols/pubsub/router/subscriptions.hpp"

#include <algorithm>

namespace warren::pubsub {

TopicState* Subscriptions::find(std::string_view topic) const {
  const auto found = topics_.find(topic);
  return found == topics_.end() ? nullptr : found->second.get();
}

TopicState& Subscriptions::own(std::string_view topic) {
  auto found = topics_.find(topic);
  if (found == topics_.end()) {
    found = topics_.emplace(Topic(topic), std::make_unique<TopicState>()).first;
    found->second->name = found->first;
  }
  TopicState& state = *found->second;
  if (!state.own) {
    state.own = std::make_unique<OwnTopic>();
    owned_.insert(std::ranges::upper_bound(owned_, state.name, {}, &TopicState::name), &state);
  }
  return state;
}

bool Subscriptions::subscribe(PeerState& peer, std::string_view topic) {
  auto found = topics_.find(topic);
  if (found != topics_.end() && is_subscribed(peer, *found->second)) return true;
  if (peer.topics.size() >= topics_per_peer_max_) return false;
  if (found == topics_.end()) {
    if (topics_.size() >= topics_max_) return false;
    found = topics_.emplace(Topic(topic), std::make_unique<TopicState>()).first;
    found->second->name = found->first;
  }
  found->second->peers.push_back(&peer);
  peer.topics.push_back(found->second.get());
  return true;
}

void Subscriptions::unsubscribe(PeerState& peer, TopicState& topic) {
  if (std::erase(peer.topics, &topic) == 0) return;
  std::erase(topic.peers, &peer);
  drop_if_unused(topic);
}

void Subscriptions::unsubscribe_all(PeerState& peer) {
  for (TopicState* topic : std::exchange(peer.topics, {})) {
    std::erase(topic->peers, &peer);
    drop_if_unused(*topic);
  }
}

void Subscriptions::drop_if_unused(TopicState& topic) {
  if (topic.own) {
    const OwnTopic& own = *topic.own;
    if (own.joined || own.has_rules || !own.fanout.empty() || own.backoffs.size() > 0) return;
    std::erase(owned_, &topic);
    topic.own.reset();
  }
  if (topic.peers.empty()) topics_.erase(topics_.find(topic.name));
}

bool Subscriptions::is_subscribed(const PeerState& peer, const TopicState& topic) {
  // Whichever list is shorter: peers have few topics, or topics have few peers.
  if (peer.topics.size() < topic.peers.size())
    return std::ranges::find(peer.topics, &topic) != peer.topics.end();
  return std::ranges::find(topic.peers, &peer) != topic.peers.end();
}

}  // namespace warren::pubsub
