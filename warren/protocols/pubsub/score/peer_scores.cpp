#include "warren/protocols/pubsub/score/peer_scores.hpp"

#include <algorithm>
#include <cmath>

#include "warren/protocols/pubsub/score/decay.hpp"

namespace warren::pubsub {

PeerScores::PeerScores(ScoreParams params)
    : params_(std::move(params)),
      colocation_(params_.is_exempt),
      peers_(params_.retain, params_.retained_max),
      records_(params_.delivery_record_life, params_.delivery_records_max) {}

void PeerScores::set_topic(const Topic& topic, std::optional<TopicScoreParams> params) {
  const auto known = topics_.find(topic);
  if (!params) {
    topics_.remove(topic);
  } else {
    topics_.set(topic, *params);
  }
  if (!known) return;
  for (ScoredPeer& peer : peers_.all()) {
    if (!params) {
      std::erase_if(peer.topics,
                    [number = *known](const auto& counters) { return counters.first == number; });
    } else if (TopicCounters* const counters = peer.find(*known)) {
      counters->cap(*params);
    }
  }
}

void PeerScores::connected(const PeerId& peer, std::optional<IpAddress> from, Instant now) {
  if (!decayed_) decayed_ = now;
  peers_.connect(peer).place = colocation_.enter(from);
}

void PeerScores::disconnected(const PeerId& id, Instant now) {
  ScoredPeer* const peer = peers_.find(id);
  if (!peer || !peer->connected) return;
  const bool is_good = parts(*peer, now).total() > 0;
  for (auto& [topic, counters] : peer->topics) {
    counters.prune(topics_.params(topic), now);
    counters.forget_first();
  }
  // One that has nothing to hide gains nothing by coming back as new, and takes nobody's place here.
  if (is_good || !peer->incriminated() || params_.retain == Duration::zero()) return peers_.forget(*peer);
  peers_.retain(*peer, now);
}

void PeerScores::grafted(const PeerId& id, const Topic& topic, Instant now) {
  ScoredPeer* const peer = peers_.find(id);
  const auto number = topics_.find(topic);
  if (peer && peer->connected && number) peer->at(*number).graft(now);
}

void PeerScores::pruned(const PeerId& id, const Topic& topic, Instant now) {
  ScoredPeer* const peer = peers_.find(id);
  const auto number = topics_.find(topic);
  if (!peer || !number) return;
  if (TopicCounters* const counters = peer->find(*number)) counters->prune(topics_.params(*number), now);
}

void PeerScores::penalize(const PeerId& id, double count) {
  if (ScoredPeer* const peer = peers_.find(id)) peer->misbehaviour += count;
}

void PeerScores::arrived(const MessageId& id, Instant now) {
  records_.of(id, now);
}

void PeerScores::delivered(const MessageId& id, const Topic& topic, const PeerId& from, Instant now) {
  DeliveryRecord& record = records_.of(id, now);
  const auto number = topics_.find(topic);
  if (record.fate != Fate::kOpen || !number) return;
  record.fate = Fate::kValid;
  record.validated = now;
  const TopicScoreParams& params = topics_.params(*number);
  ScoredPeer* const first = peers_.find(from);
  if (first) first->at(*number).count_first(params);
  if (!params.judges_mesh_deliveries()) return record.forget_bringers();
  // Copies that came during the validation are near-first ones.
  for (const PeerTag tag : record.bringers) {
    if (!first || tag != first->tag) honour_near_first(peers_.find(tag), *number);
  }
  if (first) record.add_bringer(first->tag);
}

void PeerScores::rejected(const MessageId& id, const Topic& topic, const PeerId& from, Rejection why,
                          Instant now) {
  DeliveryRecord& record = records_.of(id, now);
  if (record.fate != Fate::kOpen) return;
  record.fate = why == Rejection::kInvalid ? Fate::kInvalid : Fate::kUncounted;
  const auto number = topics_.find(topic);
  if (why == Rejection::kInvalid && number) {
    ScoredPeer* const first = peers_.find(from);
    if (first) first->at(*number).count_invalid();
    for (const PeerTag tag : record.bringers) {
      ScoredPeer* const peer = peers_.find(tag);
      if (peer && peer != first) peer->at(*number).count_invalid();
    }
  }
  record.forget_bringers();
}

void PeerScores::duplicate(const MessageId& id, const Topic& topic, const PeerId& from, Instant now) {
  // Of an old message nothing may be known: a copy begins no record, or replays would push the others out.
  DeliveryRecord* const record = records_.find(id);
  if (!record || record->fate == Fate::kUncounted) return;
  const auto number = topics_.find(topic);
  if (!number) return;
  const TopicScoreParams& params = topics_.params(*number);
  // Most copies are like this: they come late.
  if (record->fate == Fate::kValid &&
      (!params.judges_mesh_deliveries() || now - record->validated > params.mesh_message_deliveries_window)) {
    return record->forget_bringers();
  }
  ScoredPeer* const peer = peers_.find(from);
  if (!peer) return;
  if (record->fate == Fate::kInvalid) return peer->at(*number).count_invalid();
  const bool is_new = record->add_bringer(peer->tag);
  if (is_new && record->fate == Fate::kValid) honour_near_first(peer, *number);
}

void PeerScores::invalid(const Topic& topic, const PeerId& from) {
  ScoredPeer* const peer = peers_.find(from);
  const auto number = topics_.find(topic);
  if (peer && number) peer->at(*number).count_invalid();
}

void PeerScores::honour_near_first(ScoredPeer* peer, std::uint32_t topic) {
  // Counted in the mesh only, and so in a topic that the peer has counters of.
  TopicCounters* const counters = peer ? peer->find(topic) : nullptr;
  if (counters) counters->count_near_first(topics_.params(topic));
}

void PeerScores::tick(Instant now) {
  if (!decayed_) decayed_ = now;
  const auto intervals = (now - *decayed_) / params_.decay_interval;
  if (intervals < 1) return;
  *decayed_ += intervals * params_.decay_interval;
  decay(intervals);
  peers_.forget_old(now);
  records_.forget_old(now);
}

void PeerScores::decay(std::int64_t intervals) {
  for (ScoredPeer& peer : peers_.all()) {
    if (!peer.connected) continue;
    for (auto& [topic, counters] : peer.topics) {
      counters.decay(topics_.params(topic), params_.decay_to_zero, intervals);
    }
    decay_counter(peer.misbehaviour, params_.behaviour_penalty_decay, params_.decay_to_zero, intervals);
  }
}

ScoreParts PeerScores::parts(const PeerId& id, Instant now) const {
  const ScoredPeer* const peer = peers_.find(id);
  return peer ? parts(*peer, now) : ScoreParts{};
}

ScoreParts PeerScores::parts(const ScoredPeer& peer, Instant now) const {
  ScoreParts parts;
  for (const auto& [topic, counters] : peer.topics) {
    parts.topics += counters.score(topics_.params(topic), now);
  }
  if (params_.topic_score_cap > 0) parts.topics = std::min(parts.topics, params_.topic_score_cap);

  const double opinion = params_.app_specific ? params_.app_specific(peer.id) : 0;
  if (std::isfinite(opinion)) parts.app_specific = params_.app_specific_weight * opinion;

  if (peer.place.crowd() > params_.ip_colocation_threshold) {
    const auto surplus = static_cast<double>(peer.place.crowd() - params_.ip_colocation_threshold);
    parts.ip_colocation = params_.ip_colocation_weight * surplus * surplus;
  }
  if (peer.misbehaviour > params_.behaviour_penalty_threshold) {
    const double excess = peer.misbehaviour - params_.behaviour_penalty_threshold;
    parts.behaviour = params_.behaviour_penalty_weight * excess * excess;
  }
  return parts;
}

}  // namespace warren::pubsub
