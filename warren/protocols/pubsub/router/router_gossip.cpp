// What peers tell each other of messages without sending them: IHAVE, IWANT, IDONTWANT.
#include <algorithm>

#include "warren/protocols/pubsub/router/gossip.hpp"
#include "warren/protocols/pubsub/router/router_state.hpp"
#include "warren/protocols/pubsub/router/shuffle.hpp"

namespace warren::pubsub {

// Before they are validated: copies are on their way already.
void Router::State::tell_idontwant(const PeerState& from, const std::vector<Arrival>& arrivals) {
  const auto large = [&](const Arrival& arrival) { return arrival.message.size() >= params.idontwant_size; };
  for (auto first = arrivals.begin(); first != arrivals.end(); ++first) {
    const auto same_topic = [&](const Arrival& other) { return other.topic == first->topic; };
    if (!large(*first) || std::any_of(arrivals.begin(), first, [&](const Arrival& other) {
          return large(other) && same_topic(other);
        })) {
      continue;
    }
    Rpc rpc;
    for (auto other = first; other != arrivals.end(); ++other) {
      if (large(*other) && same_topic(*other)) rpc.control.idontwant.push_back(as_bytes(other->id));
    }
    const Frame frame = write_rpc(rpc);
    for (const PeerState* peer : subscriptions.find(first->topic)->own->mesh) {
      if (peer == &from || !peer->speaks(Version::kV12)) continue;
      actions.sends.push_back({peer->id, frame, Priority::kControl, {}, {}});
    }
  }
}

void Router::State::take_idontwant(PeerState& peer, const Control& control, Instant now) {
  counters.idontwant_ids_in += control.idontwant.size();
  PeerBudget& granted = budget(peer);
  Withdraw withdraw{peer.id, {}};
  for (const BytesView id : control.idontwant) {
    if (granted.idontwant_ids >= params.idontwant_max) {
      ++counters.refused_ids;
      continue;
    }
    ++granted.idontwant_ids;
    const Fingerprint key = fingerprints.of(as_text(id));
    note_known(peer, key, now);
    if (cache.contains(key)) withdraw.messages.push_back(to_text(id));
  }
  if (!withdraw.messages.empty()) actions.withdrawals.push_back(std::move(withdraw));
}

void Router::State::take_ihave(PeerState& peer, const Control& control, Instant now) {
  if (control.ihave.empty()) return;
  for (const IHave& ihave : control.ihave) counters.ihave_ids_in += ihave.ids.size();
  if (score(peer, now) < params.score.thresholds.gossip) return;
  PeerBudget& granted = budget(peer);
  const bool too_many = ++granted.ihave_messages > params.ihave_messages_max;
  Rpc rpc;
  auto& asked = rpc.control.iwant;
  for (const IHave& ihave : control.ihave) {
    const TopicState* topic = subscriptions.find(ihave.topic);
    if (too_many || topic == nullptr || !topic->joined()) {
      counters.refused_ids += ihave.ids.size();
      continue;
    }
    for (const BytesView id : ihave.ids) {
      const Fingerprint key = fingerprints.of(as_text(id));
      if (seen.contains(key)) continue;
      if (granted.ids_asked >= params.ihave_ids_max) {
        ++counters.refused_ids;
        continue;
      }
      ++granted.ids_asked;
      if (wants.told(key, as_text(id), peer.id, now)) asked.push_back(id);
    }
  }
  if (asked.empty()) return;
  promises.add(peer.id, fingerprints.of(as_text(asked[random.below(asked.size())])), now);
  send_control(peer, rpc);
}

void Router::State::take_iwant(PeerState& peer, const Control& control, Instant now) {
  counters.iwant_ids_in += control.iwant.size();
  if (control.iwant.empty() || score(peer, now) < params.score.thresholds.gossip) return;
  PeerBudget& granted = budget(peer);
  for (const BytesView id : control.iwant) {
    if (granted.iwant_ids >= params.ihave_ids_max || granted.iwant_bytes >= params.iwant_bytes_max) {
      ++counters.refused_ids;
      continue;
    }
    ++granted.iwant_ids;
    const Fingerprint key = fingerprints.of(as_text(id));
    if (peer.known.contains(key, heartbeats)) continue;
    const Frame frame = cache.give(key, as_text(id), peer.id, params.gossip_retransmission);
    if (!frame) continue;
    granted.iwant_bytes += frame->size();
    const Topic topic(cache.topic_of(key));
    Outgoing copy{key, to_text(id), frame, Priority::kForwarded, {}};
    // The copy that would have come later leaves now.
    if (auto delayed = stagger.take(key, peer.id)) {
      copy.priority = delayed->priority;
      copy.tally = std::move(delayed->tally);
    }
    send_message(peer, topic, copy);
  }
}

void Router::State::emit_gossip(TopicState& topic, const std::vector<PeerState*>& except, Instant now) {
  auto ids = cache.gossip_ids(topic.name);
  if (ids.empty()) return;
  auto to = others(topic, except);
  std::erase_if(to, [&](PeerState* peer) { return score(*peer, now) < params.score.thresholds.gossip; });
  choose(to, gossip_targets(params, to.size()), random);
  if (to.empty()) return;

  const bool all = ids.size() <= params.ihave_ids_max;
  std::vector<Frame> frames;
  for (const PeerState* peer : to) {
    // When they do not fit, each peer is told of others.
    if (frames.empty() || !all) {
      auto some = ids;
      choose(some, params.ihave_ids_max, random);
      Rpc rpc;
      rpc.control.ihave.push_back({topic.name, std::move(some)});
      frames = write_split(rpc, params.rpc.size_max);
    }
    for (const Frame& frame : frames) actions.sends.push_back({peer->id, frame, Priority::kControl, {}, {}});
  }
}

void Router::State::ask_others(Instant now) {
  const auto questions = wants.ask_others(params.heartbeat_interval, now);
  ControlBatch batch;
  for (const Wants::Question& question : questions) {
    PeerState* peer = find(question.peer);
    if (peer == nullptr || score(*peer, now) < params.score.thresholds.gossip) continue;
    Control& control = batch.of(*peer);
    if (control.iwant.empty()) promises.add(peer->id, question.message, now);
    control.iwant.push_back(as_bytes(question.id));
  }
  send(batch);
}

}  // namespace warren::pubsub
