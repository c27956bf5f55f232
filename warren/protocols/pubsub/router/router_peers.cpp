// Peers come, go, subscribe, and are scored.
#include <algorithm>

#include "warren/protocols/pubsub/router/router_state.hpp"

namespace warren::pubsub {
namespace {

// A score is asked for once in so long, unless something has happened that the router knows to change it.
constexpr Duration kScoreLife = 100ms;

}  // namespace

PeerState* Router::State::find(const PeerId& peer) const {
  const auto found = by_id.find(peer);
  return found == by_id.end() ? nullptr : found->second.get();
}

void Router::State::add_peer(const PeerId& peer, PeerFacts facts, Instant now) {
  if (peer == self) return;
  auto& state = by_id[peer];
  if (!state) {
    state = std::make_unique<PeerState>();
    state->id = peer;
    state->direct = std::ranges::find(direct, peer) != direct.end();
    peers.push_back(state.get());
  } else {
    leave_meshes(*state);
    if (scores) scores->disconnected(peer, now);
    if (is_special(*state)) --specials;
    state->known = {};
  }
  state->facts = facts;
  state->score_at = Instant::min();
  if (is_special(*state)) ++specials;
  if (scores) scores->connected(peer, facts.from, now);

  Rpc hello;
  for (const TopicState* topic : subscriptions.owned()) {
    if (topic->joined()) hello.subscriptions.push_back({true, topic->name});
  }
  if (state->speaks(Version::kV13)) hello.extensions.emplace();
  if (!hello.empty()) send_control(*state, hello);
}

void Router::State::remove_peer(const PeerId& peer, Instant now) {
  const auto found = by_id.find(peer);
  if (found == by_id.end()) return;
  PeerState& state = *found->second;
  leave_meshes(state);
  if (is_special(state)) --specials;
  subscriptions.unsubscribe_all(state);
  if (scores) scores->disconnected(peer, now);
  std::erase(peers, &state);
  by_id.erase(found);
}

// The scores learn of it by themselves.
void Router::State::leave_meshes(PeerState& peer) {
  for (TopicState* topic : peer.topics) {
    if (!topic->own) continue;
    std::erase(topic->own->fanout, &peer);
    std::erase(topic->own->mesh, &peer);
  }
  if (std::exchange(peer.meshes, 0) > 0) actions.pruned.push_back(peer.id);
}

double Router::State::score(PeerState& peer, Instant now) {
  if (!scores) return 0;
  if (peer.score_at == Instant::min() || now - peer.score_at >= kScoreLife) {
    peer.score = scores->score(peer.id, now);
    peer.score_at = now;
  }
  return peer.score;
}

void Router::State::penalize(PeerState& peer, double count) {
  if (scores) scores->penalize(peer.id, count);
  peer.score_at = Instant::min();
}

PeerBudget& Router::State::budget(PeerState& peer) {
  if (peer.budget.heartbeat != heartbeats) peer.budget = {.heartbeat = heartbeats};
  return peer.budget;
}

void Router::State::take_subscriptions(PeerState& peer, const Rpc& rpc, Instant now) {
  ControlBatch batch;
  for (const SubscriptionChange& change : rpc.subscriptions) {
    if (change.topic.empty()) continue;
    if (change.subscribe) {
      if (!subscriptions.subscribe(peer, change.topic)) {
        ++counters.refused_subscriptions;
        continue;
      }
      TopicState& topic = *subscriptions.find(change.topic);
      // A small mesh need not wait for the next heartbeat.
      if (topic.joined() && topic.own->mesh.size() < params.d_low && may_graft(peer, topic, now) &&
          score(peer, now) >= 0) {
        graft(peer, topic, batch, now);
      }
      continue;
    }
    TopicState* topic = subscriptions.find(change.topic);
    if (topic == nullptr || !Subscriptions::is_subscribed(peer, *topic)) continue;
    if (topic->own) {
      std::erase(topic->own->fanout, &peer);
      remove_from_mesh(peer, *topic, now);
      // Whoever subscribes and unsubscribes in turn is not grafted each time.
      if (topic->joined()) topic->own->backoffs.add(peer.id, params.unsubscribe_backoff, now);
    }
    std::erase_if(batch.of(peer).graft, [&](std::string_view name) { return name == change.topic; });
    subscriptions.unsubscribe(peer, *topic);
  }
  send(batch);
}

}  // namespace warren::pubsub
