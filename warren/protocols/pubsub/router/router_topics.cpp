// Topics are joined and left, and shown.
#include <algorithm>

#include "warren/protocols/pubsub/router/router_state.hpp"
#include "warren/protocols/pubsub/router/shuffle.hpp"

namespace warren::pubsub {

void Router::State::announce(const Topic& topic, bool subscribe) {
  Rpc rpc;
  rpc.subscriptions.push_back({subscribe, topic});
  const Frame frame = write_rpc(rpc);
  for (const PeerState* peer : peers) actions.sends.push_back({peer->id, frame, Priority::kControl, {}, {}});
}

void Router::State::join(const Topic& name, Instant now) {
  TopicState& topic = subscriptions.own(name);
  OwnTopic& own = *topic.own;
  if (own.joined) return;
  own.joined = true;
  if (scores && !own.has_rules) scores->set_topic(name, own.rules.score);
  announce(name, true);

  ControlBatch batch;
  // Who was good enough for our messages is tried first.
  auto chosen = std::exchange(own.fanout, {});
  own.fanout_until = {};
  auto more = others(topic, chosen);
  shuffle(more, random);
  chosen.insert(chosen.end(), more.begin(), more.end());
  for (PeerState* peer : chosen) {
    if (own.mesh.size() >= params.d) break;
    if (may_graft(*peer, topic, now) && score(*peer, now) >= 0) graft(*peer, topic, batch, now);
  }
  send(batch);
}

void Router::State::leave(const Topic& name, Instant now) {
  TopicState* topic = subscriptions.find(name);
  if (topic == nullptr || !topic->joined()) return;
  ControlBatch batch;
  const auto mesh = topic->own->mesh;
  for (PeerState* peer : mesh) prune(*peer, *topic, params.unsubscribe_backoff, true, batch, now);
  send(batch);
  topic->own->joined = false;
  announce(name, false);
  subscriptions.drop_if_unused(*topic);
}

std::vector<TopicView> Router::State::views(Instant now) {
  std::vector<TopicView> views;
  for (const TopicState* topic : subscriptions.owned()) {
    const OwnTopic& own = *topic->own;
    TopicView& view = views.emplace_back(TopicView{topic->name, own.joined, {}, own.counters});
    view.counters.bytes_out = *own.bytes_out;
    for (PeerState* peer : topic->peers) {
      TopicPeer shown{.peer = peer->id,
                      .version = peer->facts.version,
                      .in_mesh = std::ranges::find(own.mesh, peer) != own.mesh.end(),
                      .in_fanout = std::ranges::find(own.fanout, peer) != own.fanout.end(),
                      .direct = peer->direct,
                      .score = 0,
                      .parts = {}};
      if (scores) {
        shown.score = scores->score(peer->id, now);
        shown.parts = scores->parts(peer->id, now);
      }
      view.peers.push_back(shown);
    }
  }
  return views;
}

RouterSizes Router::State::sizes() const {
  RouterSizes sizes{.peers = peers.size(),
                    .topics = subscriptions.size(),
                    .subscriptions = 0,
                    .seen = seen.size(),
                    .cached = cache.size(),
                    .cached_bytes = cache.bytes(),
                    .pending = pending.size(),
                    .delayed = stagger.size(),
                    .backoffs = 0,
                    .promises = promises.size(),
                    .wanted = wants.size(),
                    .known = 0};
  for (const TopicState* topic : subscriptions.owned()) sizes.backoffs += topic->own->backoffs.size();
  for (const PeerState* peer : peers) {
    sizes.subscriptions += peer->topics.size();
    sizes.known += peer->known.size();
  }
  return sizes;
}

}  // namespace warren::pubsub
