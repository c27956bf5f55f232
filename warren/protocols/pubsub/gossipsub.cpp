#include "warren/protocols/pubsub/gossipsub.hpp"

#include "warren/async/as_result.hpp"
#include "warren/protocols/pubsub/pump.hpp"

namespace warren::pubsub {

namespace {

Task<void> wait_until_settled(std::shared_ptr<SendTally> tally) {
  while (!tally->settled()) co_await tally->changed.wait();
}

}  // namespace

GossipSub::GossipSub(Host& host, GossipConfig config, Accounts accounts) {
  value_or_throw(config.params.check(), "gossipsub");
  state_ = std::make_unique<State>(host, std::move(config), accounts);
  for (const PeerId& peer : state_->config.direct) add_direct(peer);
}

GossipSub::~GossipSub() = default;

void GossipSub::start() {
  state_->readers.start();
  state_->peers.start();
  state_->tasks.spawn(state_->keep_time());
}

Task<void> GossipSub::close() {
  state_->peers.stop();
  state_->readers.stop();
  co_await state_->tasks.close();
  state_->peers.clear();
  co_await state_->readers.close();
  while (!state_->protected_peers.empty()) {
    const PeerId peer = *state_->protected_peers.begin();
    state_->unprotect(peer);
  }
}

// --- topics ---

Result<> GossipSub::join(Topic topic, TopicConfig config, MessageHandler handler) {
  if (auto bad = state_->check(topic); !bad) return bad;
  auto& entry = state_->topics[topic];
  if (entry && entry->joined) return fail(Errc::kExists);
  Limit* account = state_->accounts.topics;
  if (account != nullptr && !account->take()) return fail(Errc::kLimitReached);
  state_->router.set_rules(topic, state_->rules_of(config));
  entry = std::make_shared<TopicEntry>(
      TopicEntry{.config = std::move(config), .handler = std::move(handler), .joined = true});
  state_->router.join(topic, state_->now());
  state_->pump();
  return {};
}

void GossipSub::leave(const Topic& topic) {
  const auto entry = entry_of(state_->topics, topic);
  if (!entry || !entry->joined) return;
  entry->joined = false;
  if (state_->accounts.topics != nullptr) state_->accounts.topics->give();
  state_->router.leave(topic, state_->now());
  state_->pump();
}

void GossipSub::configure(Topic topic, TopicConfig config) {
  if (!state_->check(topic)) return;
  auto& entry = state_->topics[topic];
  if (entry && entry->joined) return;
  state_->router.set_rules(topic, state_->rules_of(config));
  entry = std::make_shared<TopicEntry>(TopicEntry{.config = std::move(config), .handler = {}});
}

// --- messages ---

Task<PublishReport> GossipSub::publish(Topic topic, Bytes data, Duration patience) {
  State& state = *state_;
  Clock& clock = state.host.env().clock;
  value_or_throw(state.check(topic), topic);
  if (data.size() > state.config.params.rpc.size_max) throw_error(Errc::kTooLarge, "message");
  if (!state.topics.contains(topic)) configure(topic, {});
  const auto entry = state.topics[topic];

  Bytes encoded = state.encode(topic, data);
  std::shared_ptr<const Message> message;
  if (entry->config.validator || entry->handler) {
    const MessageView view = value_or_throw(read_message(encoded));
    message = make_message(view, state.rules_of(entry->config).id(view), state.host.peer_id());
  }
  if (entry->config.validator) co_await state.throw_unless_accepted(entry, message);

  const auto tally = patience > Duration::zero() ? std::make_shared<SendTally>() : nullptr;
  const Published published =
      value_or_throw(state.router.publish(std::move(encoded), tally, state.now()), "publish");
  if (message) state.deliver(message);
  state.pump();
  PublishReport report{.id = published.id, .queued = published.queued};
  if (!tally) co_return report;
  // From here on nothing of this object is used: it may be closed meanwhile.
  if (!tally->settled()) co_await as_result(with_timeout(clock, patience, wait_until_settled(tally)));
  report.queued = tally->queued;
  report.sent = tally->sent;
  report.spared = tally->spared;
  report.dropped = tally->dropped;
  co_return report;
}

void GossipSub::blame(const PeerId& from, double count) {
  state_->router.blame(from, count);
}

// --- peers ---

void GossipSub::add_direct(const PeerId& peer) {
  state_->router.add_direct(peer);
}

void GossipSub::set_record_source(Router::RecordSource source) {
  state_->router.set_record_source(std::move(source));
}

void GossipSub::review(const PeerId& peer) {
  if (!state_->tasks.closed()) state_->peers.review(peer);
}

// --- what is known ---

std::vector<TopicView> GossipSub::topics() const {
  return state_->router.topics(state_->now());
}

std::vector<QueueView> GossipSub::queues() const {
  return state_->peers.queues();
}

const RouterCounters& GossipSub::counters() const {
  return state_->router.counters();
}

const Verifications& GossipSub::verifications() const {
  return state_->validation.verifications();
}

std::vector<PeerId> GossipSub::topic_peers(const Topic& topic) const {
  return state_->router.topic_peers(topic);
}

}  // namespace warren::pubsub
