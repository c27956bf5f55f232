// What time does: delayed sends, and the heartbeat, which mends meshes, gossips and forgets.
#include <algorithm>

#include "warren/protocols/pubsub/router/router_state.hpp"

namespace warren::pubsub {
namespace {

constexpr std::uint64_t kCleaningHeartbeats = 15;  // between two cleanings of what is only large

}  // namespace

void Router::State::wake(Instant now) {
  if (!next_heartbeat) {
    // Nodes that start together should not beat together.
    const auto interval = static_cast<std::uint64_t>(params.heartbeat_interval.count());
    next_heartbeat = now + Duration(static_cast<std::int64_t>(random.below(interval)));
  }
  for (Delayed& delayed : stagger.take_due(now)) send_delayed(std::move(delayed), now);
  if (now < *next_heartbeat) return;
  heartbeat(now);
  // After a pause there is one, not all that were missed.
  next_heartbeat = std::max(*next_heartbeat + params.heartbeat_interval, now + params.heartbeat_interval / 2);
}

void Router::State::heartbeat(Instant now) {
  ++heartbeats;
  dials_left = params.prune_peers;
  if (scores) scores->tick(now);
  seen.expire(now);
  for (const PeerId& id : promises.take_broken(now)) {
    ++counters.broken_promises;
    if (PeerState* peer = find(id)) penalize(*peer, 1);
  }
  ask_others(now);
  dial_direct(now);

  ControlBatch batch;
  std::vector<TopicState*> unused;
  for (TopicState* topic : subscriptions.owned()) {
    OwnTopic& own = *topic->own;
    if (heartbeats % kCleaningHeartbeats == 0) own.backoffs.expire(params.heartbeat_interval, now);
    if (own.joined) {
      mend(*topic, batch, now);
      emit_gossip(*topic, own.mesh, now);
      continue;
    }
    if (now >= own.fanout_until) {
      own.fanout.clear();
      unused.push_back(topic);
      continue;
    }
    mend_fanout(*topic, now);
    emit_gossip(*topic, own.fanout, now);
  }
  send(batch);
  for (TopicState* topic : unused) subscriptions.drop_if_unused(*topic);
  cache.shift();
}

void Router::State::dial_direct(Instant now) {
  if (now < next_direct_dial) return;
  next_direct_dial = now + params.direct_connect_interval;
  for (const PeerId& peer : direct) {
    if (find(peer) == nullptr) actions.dials.push_back({peer, {}});
  }
}

}  // namespace warren::pubsub
