// Messages come, are judged, and go on.
#include <algorithm>

#include "warren/protocols/pubsub/router/router_state.hpp"
#include "warren/protocols/pubsub/router/shuffle.hpp"

namespace warren::pubsub {
namespace {

constexpr std::size_t kVariantsMax = 4;  // messages of one id that are judged at the same time

MessageId id_of(const TopicState& topic, const MessageView& message) {
  return topic.own ? topic.own->rules.id(message) : default_message_id(message);
}

// A frame that came with this message and nothing else, written as we would: it can be forwarded.
bool is_message_frame(const Frame& frame, BytesView message) {
  const auto varint_size = [](std::size_t value) {
    std::size_t size = 1;
    for (; value >= 0x80; value >>= 7) ++size;
    return size;
  };
  const std::size_t rpc = 1 + varint_size(message.size()) + message.size();
  return frame && frame->size() == varint_size(rpc) + rpc;
}

}  // namespace

Result<std::vector<Arrival>> Router::State::receive(const PeerId& from, BytesView bytes, const Frame& whole,
                                                    Instant now) {
  PeerState* peer = find(from);
  if (peer == nullptr) return std::vector<Arrival>();
  ++counters.rpcs_in;
  if (!peer->direct && score(*peer, now) < params.score.thresholds.graylist) {
    ++counters.graylisted;
    return std::vector<Arrival>();
  }
  const auto rpc = read_rpc(bytes, params.rpc);
  if (!rpc) return fail(rpc.error());
  take_subscriptions(*peer, *rpc, now);
  auto arrivals = take_messages(*peer, *rpc, whole, now);
  if (!arrivals || rpc->control.empty()) return arrivals;

  take_idontwant(*peer, rpc->control, now);
  take_ihave(*peer, rpc->control, now);
  take_iwant(*peer, rpc->control, now);
  ControlBatch batch;
  take_grafts(*peer, rpc->control, batch, now);
  take_prunes(*peer, rpc->control, now);
  send(batch);
  return arrivals;
}

Result<std::vector<Arrival>> Router::State::take_messages(PeerState& peer, const Rpc& rpc, const Frame& whole,
                                                          Instant now) {
  std::vector<MessageView> messages;
  messages.reserve(rpc.messages.size());
  for (const BytesView encoded : rpc.messages) {
    const auto message = read_message(encoded);
    if (!message) return fail(message.error());
    messages.push_back(*message);
  }
  std::vector<Arrival> arrivals;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const MessageView& message = messages[i];
    const BytesView encoded = rpc.messages[i];
    TopicState* topic = subscriptions.find(message.topic);
    if (topic == nullptr || !topic->joined()) continue;
    topic->own->counters.bytes_in += encoded.size();
    MessageId id = id_of(*topic, message);
    const Fingerprint key = fingerprints.of(id);
    if (is_duplicate(key, encoded, now)) {
      take_duplicate(peer, *topic, key, id, encoded.size(), now);
      continue;
    }
    wants.arrived(key);
    promises.fulfil(key);
    // Of ourselves, from before a restart: those who wanted it have it.
    if (equal(message.from, self.bytes())) continue;
    if (scores) scores->arrived(id, now);
    Frame frame =
        rpc.messages.size() == 1 && is_message_frame(whole, encoded) ? whole : message_frame(encoded);
    pending[key].push_back(frame);
    const BytesView part = BytesView(*frame).last(encoded.size());
    arrivals.push_back({std::move(id), topic->name, peer.id, std::move(frame), part});
  }
  tell_idontwant(peer, arrivals);
  return arrivals;
}

// Whoever copies the id of an honest message to one of his own must not keep the honest one from us: while we
// do not know which is which, both are new.
bool Router::State::is_duplicate(Fingerprint key, BytesView message, Instant now) {
  if (seen.insert(key, now)) return false;
  const auto found = pending.find(key);
  if (found == pending.end() || found->second.size() >= kVariantsMax) return true;
  return std::ranges::any_of(found->second, [&](const Frame& frame) {
    return frame->size() >= message.size() && equal(BytesView(*frame).last(message.size()), message);
  });
}

void Router::State::take_duplicate(PeerState& peer, TopicState& topic, Fingerprint key, const MessageId& id,
                                   std::size_t size, Instant now) {
  ++topic.own->counters.duplicates;
  if (scores) scores->duplicate(id, topic.name, peer.id, now);
  // It need not be sent to where it comes from, now, later, or out of the queue.
  if (pending.contains(key) || stagger.since(key)) note_known(peer, key, now);
  if (size >= params.idontwant_size && cache.contains(key)) actions.withdrawals.push_back({peer.id, {id}});
}

void Router::State::settle(const Arrival& arrival, Fingerprint key, Verdict verdict, Instant now) {
  const auto found = pending.find(key);
  if (found != pending.end()) {
    std::erase(found->second, arrival.frame);
    if (found->second.empty()) pending.erase(found);
  }
  if (verdict == Verdict::kForged && !pending.contains(key) && !cache.contains(key)) seen.erase(key);

  PeerState* from = find(arrival.from);
  if (from != nullptr) from->score_at = Instant::min();
  if (!scores) return;
  const auto reject = [&](Rejection why) {
    scores->rejected(arrival.id, arrival.topic, arrival.from, why, now);
  };
  switch (verdict) {
    case Verdict::kAccept: return scores->delivered(arrival.id, arrival.topic, arrival.from, now);
    case Verdict::kIgnore: return reject(Rejection::kIgnored);
    case Verdict::kReject: return reject(Rejection::kInvalid);
    case Verdict::kForged: return scores->invalid(arrival.topic, arrival.from);
  }
}

void Router::State::note_known(PeerState& peer, Fingerprint key, Instant now) {
  peer.known.add(key, heartbeats, params.seen_max);
  if (const auto since = stagger.since(key)) pace.heard(now - *since);
}

void Router::State::judge(const Arrival& arrival, Verdict verdict, Instant now) {
  const Fingerprint key = fingerprints.of(arrival.id);
  settle(arrival, key, verdict, now);
  TopicState* topic = subscriptions.find(arrival.topic);
  if (topic == nullptr || !topic->joined()) return;
  TopicTraffic& counted = topic->own->counters;
  switch (verdict) {
    case Verdict::kAccept: ++counted.delivered; return forward(arrival, key, *topic, now);
    case Verdict::kIgnore: ++counted.ignored; return;
    case Verdict::kReject:
    case Verdict::kForged: ++counted.rejected; return;
  }
}

void Router::State::forward(const Arrival& arrival, Fingerprint key, TopicState& topic, Instant now) {
  cache.put(key, arrival.id, topic.name, arrival.frame);
  auto to = topic.own->mesh;
  add_specials(to, topic, now);
  const auto message = read_message(arrival.message);
  const BytesView author = message ? message->from : BytesView();
  std::erase_if(to, [&](const PeerState* peer) {
    return peer->id == arrival.from || equal(peer->id.bytes(), author) ||
           peer->known.contains(key, heartbeats);
  });
  spread(topic, {key, arrival.id, arrival.frame, Priority::kForwarded, {}}, std::move(to), now);
}

Result<Published> Router::State::publish(Bytes encoded, std::shared_ptr<SendTally> tally, Instant now) {
  const auto message = read_message(encoded);
  if (!message) return fail(message.error());
  TopicState& topic = subscriptions.own(message->topic);
  Frame frame = message_frame(encoded);
  const MessageId id = id_of(topic, *message);
  const Fingerprint key = fingerprints.of(id);
  if (frame->size() > params.rpc.size_max) return fail(Errc::kTooLarge);
  if (!seen.insert(key, now)) return fail(Errc::kReplayed);
  cache.put(key, id, topic.name, frame);
  OwnTopic& own = *topic.own;
  ++own.counters.published;

  std::vector<PeerState*> to;
  // Many copies of large ones would keep our link busy with what mostly is not needed.
  if (params.flood_publish && !is_staggered(params, frame->size())) {
    for (PeerState* peer : topic.peers) {
      if (!is_special(*peer) && score(*peer, now) >= params.score.thresholds.publish) to.push_back(peer);
    }
  } else if (own.joined) {
    to = own.mesh;
  }
  if (!own.joined) {
    own.fanout_until = now + params.fanout_ttl;
    mend_fanout(topic, now);
    if (to.empty()) to = own.fanout;
  }
  add_specials(to, topic, now);
  const std::size_t queued = to.size();
  if (tally) tally->queued = queued;
  spread(topic, {key, id, std::move(frame), Priority::kOwn, std::move(tally)}, std::move(to), now);
  return Published{id, queued};
}

void Router::State::add_specials(std::vector<PeerState*>& to, const TopicState& topic, Instant now) {
  if (specials == 0) return;
  for (PeerState* peer : topic.peers) {
    if (!is_special(*peer)) continue;
    if (peer->direct || score(*peer, now) >= params.score.thresholds.publish) to.push_back(peer);
  }
}

void Router::State::spread(TopicState& topic, Outgoing message, std::vector<PeerState*> to, Instant now) {
  const auto known = static_cast<std::size_t>(std::ranges::count_if(
      topic.own->mesh, [&](const PeerState* peer) { return peer->known.contains(message.key, heartbeats); }));
  const StaggerPlan plan = stagger_plan(params, pace, message.frame->size(), known);
  if (plan.at_once() || to.size() <= plan.first || stagger.full()) {
    for (PeerState* peer : to) send_message(*peer, topic.name, message);
    return;
  }
  shuffle(to, random);
  for (std::size_t i = 0; i < plan.first; ++i) send_message(*to[i], topic.name, message);
  Delayed delayed{message.key,
                  std::move(message.id),
                  topic.name,
                  std::move(message.frame),
                  message.priority,
                  std::move(message.tally),
                  plan,
                  now,
                  {}};
  for (std::size_t i = plan.first; i < to.size(); ++i) delayed.to.push_back(to[i]->id);
  stagger.add(std::move(delayed), now);
}

void Router::State::send_message(PeerState& peer, const Topic& topic, const Outgoing& message) {
  const TopicState* state = subscriptions.find(topic);
  auto bytes_out = state != nullptr && state->own ? state->own->bytes_out : nullptr;
  actions.sends.push_back(
      {peer.id, message.frame, message.priority, message.id, message.tally, std::move(bytes_out)});
}

void Router::State::send_delayed(Delayed delayed, Instant now) {
  const Outgoing message{delayed.key, delayed.id, delayed.frame, delayed.priority, delayed.tally};
  std::size_t room = delayed.plan.next;
  std::vector<PeerId> later;
  for (const PeerId& id : delayed.to) {
    PeerState* peer = find(id);
    const bool spared = peer != nullptr && peer->known.contains(delayed.key, heartbeats);
    if (peer == nullptr || spared) {
      if (delayed.tally) delayed.tally->count(spared ? &SendTally::spared : &SendTally::dropped);
    } else if (room > 0) {
      --room;
      send_message(*peer, delayed.topic, message);
    } else {
      later.push_back(id);
    }
  }
  delayed.to = std::move(later);
  if (!delayed.to.empty()) stagger.add(std::move(delayed), now);
}

}  // namespace warren::pubsub
