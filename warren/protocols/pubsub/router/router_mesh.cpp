// Meshes: what our heartbeat and the peers' GRAFT and PRUNE do to them.
#include <algorithm>

#include "warren/protocols/pubsub/router/mesh.hpp"
#include "warren/protocols/pubsub/router/peer_exchange.hpp"
#include "warren/protocols/pubsub/router/router_state.hpp"
#include "warren/protocols/pubsub/router/shuffle.hpp"

namespace warren::pubsub {
namespace {

bool contains(const std::vector<PeerState*>& peers, const PeerState* peer) {
  return std::ranges::find(peers, peer) != peers.end();
}

}  // namespace

// But for its score.
bool Router::State::may_graft(const PeerState& peer, const TopicState& topic, Instant now) const {
  return !is_special(peer) && !contains(topic.own->mesh, &peer) &&
         !topic.own->backoffs.forbids_graft(peer.id, params.heartbeat_interval, now);
}

std::vector<PeerState*> Router::State::others(const TopicState& topic,
                                              const std::vector<PeerState*>& except) const {
  std::vector<PeerState*> found;
  for (PeerState* peer : topic.peers) {
    if (!is_special(*peer) && !contains(except, peer)) found.push_back(peer);
  }
  return found;
}

void Router::State::add_to_mesh(PeerState& peer, TopicState& topic, Instant now) {
  topic.own->mesh.push_back(&peer);
  if (scores) scores->grafted(peer.id, topic.name, now);
  if (++peer.meshes == 1) actions.grafted.push_back(peer.id);
}

void Router::State::remove_from_mesh(PeerState& peer, TopicState& topic, Instant now) {
  if (std::erase(topic.own->mesh, &peer) == 0) return;
  if (scores) scores->pruned(peer.id, topic.name, now);
  peer.score_at = Instant::min();
  if (--peer.meshes == 0) actions.pruned.push_back(peer.id);
}

void Router::State::graft(PeerState& peer, TopicState& topic, ControlBatch& batch, Instant now) {
  add_to_mesh(peer, topic, now);
  batch.of(peer).graft.push_back(topic.name);
}

void Router::State::prune(PeerState& peer, TopicState& topic, Duration backoff, bool offer,
                          ControlBatch& batch, Instant now) {
  remove_from_mesh(peer, topic, now);
  topic.own->backoffs.add(peer.id, backoff, now);
  tell_prune(peer, topic, backoff, offer, batch, now);
}

void Router::State::tell_prune(PeerState& peer, TopicState& topic, Duration backoff, bool offer,
                               ControlBatch& batch, Instant now) {
  Control& control = batch.of(peer);
  if (std::ranges::find(control.prune, std::string_view(topic.name), &Prune::topic) != control.prune.end())
    return;
  Prune prune{.topic = topic.name, .peers = {}, .backoff_s = {}};
  if (peer.speaks(Version::kV11)) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(backoff).count();
    prune.backoff_s = static_cast<std::uint64_t>(seconds);
    if (offer && params.peer_exchange && record_source) {
      auto offered = topic.peers;
      shuffle(offered, random);
      for (PeerState* other : offered) {
        if (prune.peers.size() >= params.prune_peers) break;
        if (other == &peer || is_special(*other) || score(*other, now) < 0) continue;
        Bytes record = record_source(other->id);
        if (record.empty()) continue;
        batch.records.push_back(std::move(record));
        prune.peers.push_back({other->id.bytes(), batch.records.back()});
      }
    }
  }
  control.prune.push_back(std::move(prune));
}

void Router::State::take_grafts(PeerState& peer, const Control& control, ControlBatch& batch, Instant now) {
  counters.grafts_in += control.graft.size();
  if (!peer.speaks(Version::kV10)) return;
  for (const std::string_view name : control.graft) {
    TopicState* topic = subscriptions.find(name);
    // Of topics that we are not in: an answer would make a weapon of us.
    if (topic == nullptr || !topic->joined() || contains(topic->own->mesh, &peer)) continue;
    take_graft(peer, *topic, batch, now);
  }
}

void Router::State::take_graft(PeerState& peer, TopicState& topic, ControlBatch& batch, Instant now) {
  OwnTopic& own = *topic.own;
  // Direct peers are never in a mesh: the other side does not know that it is one.
  if (peer.direct) return tell_prune(peer, topic, params.prune_backoff, false, batch, now);
  if (const auto backoff = own.backoffs.running(peer.id, now)) {
    if (!own.backoffs.forgive_crossing(peer.id, params.heartbeat_interval, now)) {
      penalize(peer, now < backoff->since + params.graft_flood_threshold ? 2 : 1);
    }
    own.backoffs.add(peer.id, params.prune_backoff, now);
    return tell_prune(peer, topic, params.prune_backoff, false, batch, now);
  }
  if (score(peer, now) < 0) return prune(peer, topic, params.prune_backoff, false, batch, now);
  const bool full = own.mesh.size() >= params.d_high && !peer.facts.outbound;
  // It wants to be in the topic, whether its SUBSCRIBE has come or not.
  if (full || !subscriptions.subscribe(peer, topic.name)) {
    return prune(peer, topic, params.prune_backoff, true, batch, now);
  }
  add_to_mesh(peer, topic, now);
}

void Router::State::take_prunes(PeerState& peer, const Control& control, Instant now) {
  counters.prunes_in += control.prune.size();
  if (!peer.speaks(Version::kV10)) return;
  for (const Prune& prune : control.prune) {
    TopicState* topic = subscriptions.find(prune.topic);
    if (topic == nullptr || !topic->joined()) continue;
    remove_from_mesh(peer, *topic, now);
    topic->own->backoffs.add(peer.id, told_backoff(prune.backoff_s, params.prune_backoff, params.backoff_max),
                             now);
    if (prune.peers.empty() || dials_left == 0) continue;
    if (score(peer, now) < params.score.thresholds.accept_px) continue;
    for (Dial& dial : choose_offers(prune.peers, params, random)) {
      if (dial.peer == self || find(dial.peer) != nullptr || dials_left == 0) continue;
      --dials_left;
      actions.dials.push_back(std::move(dial));
    }
  }
}

void Router::State::mend(TopicState& topic, ControlBatch& batch, Instant now) {
  OwnTopic& own = *topic.own;
  // Those that were made direct while they were in it.
  while (specials > 0) {
    const auto found =
        std::ranges::find_if(own.mesh, [](const PeerState* peer) { return is_special(*peer); });
    if (found == own.mesh.end()) break;
    prune(**found, topic, params.prune_backoff, false, batch, now);
  }
  std::vector<MeshPeer> mesh;
  mesh.reserve(own.mesh.size());
  for (std::size_t i = 0; i < own.mesh.size(); ++i) {
    mesh.push_back({i, score(*own.mesh[i], now), own.mesh[i]->facts.outbound});
  }
  const bool opportunistic = scores && heartbeats % params.opportunistic_graft_ticks == 0;
  if (!mesh_needs_mending(params, mesh, opportunistic)) return;

  std::vector<MeshPeer> candidates;
  for (std::size_t i = 0; i < topic.peers.size(); ++i) {
    PeerState& peer = *topic.peers[i];
    if (may_graft(peer, topic, now)) candidates.push_back({i, score(peer, now), peer.facts.outbound});
  }
  const MeshChange change = mend_mesh(params, mesh, std::move(candidates), opportunistic, random);
  std::vector<PeerState*> leaving;
  for (const std::size_t i : change.prune) leaving.push_back(own.mesh[i]);
  for (std::size_t i = 0; i < leaving.size(); ++i) {
    prune(*leaving[i], topic, params.prune_backoff, mesh[change.prune[i]].score >= 0, batch, now);
  }
  for (const std::size_t i : change.graft) graft(*topic.peers[i], topic, batch, now);
}

void Router::State::mend_fanout(TopicState& topic, Instant now) {
  auto& fanout = topic.own->fanout;
  const double enough = params.score.thresholds.publish;
  std::erase_if(fanout, [&](PeerState* peer) { return score(*peer, now) < enough; });
  if (fanout.size() >= params.d) return;
  auto more = others(topic, fanout);
  std::erase_if(more, [&](PeerState* peer) { return score(*peer, now) < enough; });
  choose(more, params.d - fanout.size(), random);
  fanout.insert(fanout.end(), more.begin(), more.end());
}

}  // namespace warren::pubsub
