#include "warren/protocols/pubsub/router/router.hpp"

#include <algorithm>

#include "warren/base/assert.hpp"
#include "warren/protocols/pubsub/router/router_state.hpp"

namespace warren::pubsub {

Router::State::State(PeerId own_id, GossipParams its_params, Random& its_random)
    : self(own_id), params(std::move(its_params)), random(its_random) {
  if (params.scoring) scores.emplace(params.score);
  dials_left = params.prune_peers;
}

void Router::State::send_control(const PeerState& peer, const Rpc& rpc) {
  for (Frame& frame : write_split(rpc, params.rpc.size_max)) {
    actions.sends.push_back({peer.id, std::move(frame), Priority::kControl, {}, {}});
  }
}

void Router::State::send(ControlBatch& batch) {
  for (auto& [peer, control] : batch.entries) {
    if (control.empty()) continue;
    Rpc rpc;
    rpc.control = std::move(control);
    send_control(*peer, rpc);
  }
  batch.entries.clear();
  batch.records.clear();
}

Router::Router(PeerId self, GossipParams params, Random& random) {
  WARREN_ASSERT(params.check());
  state_ = std::make_unique<State>(self, std::move(params), random);
}
Router::~Router() = default;

void Router::add_peer(const PeerId& peer, PeerFacts facts, Instant now) {
  state_->add_peer(peer, facts, now);
}
void Router::remove_peer(const PeerId& peer, Instant now) {
  state_->remove_peer(peer, now);
}

void Router::add_direct(const PeerId& peer) {
  if (std::ranges::find(state_->direct, peer) != state_->direct.end()) return;
  state_->direct.push_back(peer);
  PeerState* known = state_->find(peer);
  if (known == nullptr) return;
  if (!State::is_special(*known)) ++state_->specials;
  known->direct = true;
}

void Router::blame(const PeerId& peer, double count) {
  if (PeerState* known = state_->find(peer)) state_->penalize(*known, count);
}

void Router::set_record_source(RecordSource source) {
  state_->record_source = std::move(source);
}

void Router::set_rules(const Topic& topic, TopicRules rules) {
  OwnTopic& own = *state_->subscriptions.own(topic).own;
  own.has_rules = true;
  own.rules = std::move(rules);
  if (state_->scores) state_->scores->set_topic(topic, own.rules.score);
}

void Router::join(const Topic& topic, Instant now) {
  state_->join(topic, now);
}
void Router::leave(const Topic& topic, Instant now) {
  state_->leave(topic, now);
}
bool Router::is_joined(const Topic& topic) const {
  const TopicState* state = state_->subscriptions.find(topic);
  return state != nullptr && state->joined();
}

Result<std::vector<Arrival>> Router::receive(const PeerId& from, BytesView rpc, Instant now) {
  return state_->receive(from, rpc, nullptr, now);
}
Result<std::vector<Arrival>> Router::receive(const PeerId& from, const Frame& frame, Instant now) {
  std::size_t prefix = 0;
  while (prefix < frame->size() && ((*frame)[prefix] & 0x80) != 0) ++prefix;
  if (prefix == frame->size()) return fail(Errc::kTruncated);
  return state_->receive(from, BytesView(*frame).subspan(prefix + 1), frame, now);
}

void Router::judge(const Arrival& arrival, Verdict verdict, Instant now) {
  state_->judge(arrival, verdict, now);
}
Result<Published> Router::publish(Bytes message, std::shared_ptr<SendTally> tally, Instant now) {
  return state_->publish(std::move(message), std::move(tally), now);
}

Instant Router::next_wake() const {
  if (!state_->next_heartbeat) return Instant();
  return std::min(*state_->next_heartbeat, state_->stagger.next());
}
void Router::wake(Instant now) {
  state_->wake(now);
}
Actions Router::take_actions() {
  return std::exchange(state_->actions, {});
}

double Router::score(const PeerId& peer, Instant now) const {
  return state_->scores ? state_->scores->score(peer, now) : 0;
}

std::vector<PeerId> Router::topic_peers(const Topic& topic) const {
  std::vector<PeerId> ids;
  const TopicState* state = state_->subscriptions.find(topic);
  if (state == nullptr) return ids;
  if (state->own) {
    for (const PeerState* peer : state->own->mesh) ids.push_back(peer->id);
  }
  const auto in_mesh = static_cast<std::ptrdiff_t>(ids.size());
  for (const PeerState* peer : state->peers) {
    if (std::find(ids.begin(), ids.begin() + in_mesh, peer->id) == ids.begin() + in_mesh)
      ids.push_back(peer->id);
  }
  return ids;
}

std::vector<TopicView> Router::topics(Instant now) const {
  return state_->views(now);
}
const RouterCounters& Router::counters() const {
  return state_->counters;
}
RouterSizes Router::sizes() const {
  return state_->sizes();
}

}  // namespace warren::pubsub
