#include "warren/broadcast/broadcasts.hpp"

#include <optional>

#include "warren/async/as_result.hpp"
#include "warren/base/log.hpp"
#include "warren/broadcast/announcer.hpp"
#include "warren/broadcast/repair.hpp"
#include "warren/broadcast/topic_status.hpp"
#include "warren/broadcast/topic_tender.hpp"
#include "warren/core/spoken_protocol.hpp"
#include "warren/messaging/binding_exchange.hpp"

namespace warren {
namespace {

constexpr Duration kExpireInterval = std::chrono::minutes(1);

TopicMessage plain_message(const TopicEntry& topic, const pubsub::Message& message, WallTime now) {
  return {.topic = topic.name,
          .kind = TopicKind::kPlain,
          .from_node = std::nullopt,
          .from_peer = message.author,
          .id = to_bytes(message.id),
          .sent_at = std::nullopt,
          .received_at = now,
          .seq = 0,
          .fetched = false,
          .payload = message.data};
}

pubsub::Verdict to_verdict(TopicVerdict verdict) {
  switch (verdict) {
    case TopicVerdict::kAccept: return pubsub::Verdict::kAccept;
    case TopicVerdict::kReject: return pubsub::Verdict::kReject;
    case TopicVerdict::kIgnore: break;
  }
  return pubsub::Verdict::kIgnore;
}

Task<pubsub::Verdict> ignore() {
  co_return pubsub::Verdict::kIgnore;
}

}  // namespace

struct Broadcasts::State {
  explicit State(BroadcastNeeds all)
      : needs(std::move(all)),
        tasks(env().executor, "broadcast"),
        rules(env().clock.wall_now(), needs.limits),
        sealer(env(), needs.key, needs.network),
        deliveries(env(), needs.store, needs.limits, tasks),
        intake(env(), rules, deliveries, needs.limits),
        announcer({needs.host, needs.gossip, needs.store, sealer, intake, tasks, needs.limits}),
        tender(needs.host, needs.gossip, needs.store, intake, deliveries, needs.limits) {}

  Env& env() { return needs.host.env(); }

  // The topic's entry, which is made when there is none. Throws kBadTopic, kLimitReached, kClosed.
  TopicPtr entry(TopicKind kind, const std::string& name);
  void unsubscribe(const TopicPtr& topic, std::uint64_t id);
  void end_life(TopicEntry& topic);
  void leave(TopicEntry& topic);
  void drop_unused();
  bool stays(const TopicEntry& topic) { return env().clock.now() < topic.stays_until; }
  bool serves(const std::string& wire) const;

  Task<void> expire();

  BroadcastNeeds needs;
  TaskGroup tasks;
  TopicRules rules;
  TopicSealer sealer;
  Deliveries deliveries;
  Intake intake;
  Announcer announcer;
  TopicTender tender;
  std::optional<RepairServer> repair_server;
  std::map<std::string, TopicPtr> topics;  // by the name on the wire
  std::uint64_t last_subscriber = 0;
  bool closed = false;
  Signal<const std::string&, bool> joined;
};

namespace {

// What gossipsub asks about a message of a plain topic, own ones included.
template <class StatePtr>
Task<pubsub::Verdict> judge_plain(StatePtr state, TopicPtr topic,
                                  std::shared_ptr<const pubsub::Message> message) {
  const TopicValidator validator = topic->validator;
  if (!validator) co_return pubsub::Verdict::kAccept;
  const TopicMessage shown = plain_message(*topic, *message, state->env().clock.wall_now());
  const auto verdict = co_await as_result(validator(shown));
  co_return to_verdict(verdict.value_or(TopicVerdict::kIgnore));
}

// And of a warren topic, which is delivered here, too. Own ones were judged and delivered when they got their
// number.
template <class StatePtr>
Task<pubsub::Verdict> judge_envelope(StatePtr state, TopicPtr topic,
                                     std::shared_ptr<const pubsub::Message> message) {
  if (message->from == state->needs.host.peer_id()) co_return pubsub::Verdict::kAccept;
  if (state->closed) co_return pubsub::Verdict::kIgnore;
  Intake::Incoming incoming{
      .wire = message->data, .way = BroadcastWay::kLive, .from = message->from, .author = message->author};
  Result<> taken;
  if (const TopicLifePtr life = topic->life) {
    co_await TopicTender::until_restored(topic, life);
    if (topic->is_reliable()) incoming.way = BroadcastWay::kRemembered;
    taken = co_await state->intake.take(topic, std::move(incoming));
  } else {
    taken = co_await state->intake.check(topic, std::move(incoming));
  }
  if (taken) co_return pubsub::Verdict::kAccept;
  if (log::enabled(log::Level::kDebug)) {
    log::debug("broadcast", "a message of " + topic->wire + " from " + message->from.short_text() +
                                " was not taken: " + taken.error().message());
  }
  const bool is_bad = is_provably_bad(taken.error()) || taken.error() == Errc::kDenied;
  // A peer of another make forwards what it cannot check.
  const bool could_tell = speaks(state->needs.host.peerstore(), message->from, kBindProtocol) == true;
  if (is_bad && could_tell) co_return pubsub::Verdict::kReject;
  co_return pubsub::Verdict::kIgnore;
}

template <class StatePtr>
pubsub::TopicConfig config_of(const StatePtr& state, const TopicPtr& topic) {
  pubsub::TopicConfig config;
  config.validator = [weak = std::weak_ptr(state), topic](std::shared_ptr<const pubsub::Message> message) {
    const auto alive = weak.lock();
    if (!alive) return ignore();
    return topic->kind == TopicKind::kPlain ? judge_plain(alive, topic, std::move(message))
                                            : judge_envelope(alive, topic, std::move(message));
  };
  return config;
}

template <class StatePtr>
pubsub::MessageHandler handler_of(const StatePtr& state, const TopicPtr& topic) {
  if (topic->kind == TopicKind::kWarren) return [](const auto&) {};
  return [weak = std::weak_ptr(state), topic](const std::shared_ptr<const pubsub::Message>& message) {
    const auto alive = weak.lock();
    if (!alive) return;
    TopicMessage shown = plain_message(*topic, *message, alive->env().clock.wall_now());
    alive->deliveries.push(topic, {.message = std::move(shown), .keep = std::nullopt});
  };
}

template <class StatePtr>
Result<> join(const StatePtr& state, const TopicPtr& topic) {
  if (topic->is_joined) return {};
  const auto joined =
      state->needs.gossip.join(topic->wire, config_of(state, topic), handler_of(state, topic));
  if (!joined) return joined;
  topic->is_joined = true;
  topic->is_configured = false;
  state->joined.emit(topic->wire, true);
  return {};
}

// What we send reliably others can fetch from us if they find us among the topic's peers. Messages of others
// are checked and forwarded meanwhile, but not taken: a later subscription still lacks them.
template <class StatePtr>
void stay(const StatePtr& state, const TopicPtr& topic, Duration ttl) {
  topic->stays_until = std::max(topic->stays_until, state->env().clock.now() + ttl);
  if (const auto joined = join(state, topic); !joined) {
    log::warning("broadcast", "others can fetch what was sent on " + topic->wire +
                                  " only while somebody here subscribes: " + joined.error().message());
  }
}

}  // namespace

// --- topics ---

TopicPtr Broadcasts::State::entry(TopicKind kind, const std::string& name) {
  if (closed) throw_error(Errc::kClosed);
  if (!is_topic_name(kind, name)) throw_error(Errc::kBadTopic);
  const std::string wire = wire_topic(kind, needs.network, name);
  const auto found = topics.find(wire);
  if (found != topics.end()) return found->second;
  if (topics.size() >= needs.limits.topics_max) throw_error(Errc::kLimitReached);
  auto topic = std::make_shared<TopicEntry>();
  topic->name = name;
  topic->kind = kind;
  topic->wire = wire;
  topic->context = make_context(needs.network, name);
  return topics.emplace(wire, std::move(topic)).first->second;
}

void Broadcasts::State::end_life(TopicEntry& topic) {
  if (const auto life = std::exchange(topic.life, nullptr)) {
    life->over = true;
    life->changed.notify_all();
    topic.validator = nullptr;
  }
}

void Broadcasts::State::leave(TopicEntry& topic) {
  if (!std::exchange(topic.is_joined, false)) return;
  topic.is_configured = false;
  needs.gossip.leave(topic.wire);
  joined.emit(topic.wire, false);
}

void Broadcasts::State::unsubscribe(const TopicPtr& topic, std::uint64_t id) {
  const auto found = topic->subscribers.find(id);
  if (found == topic->subscribers.end()) return;
  const bool was_reliable = found->second->reliable;
  topic->subscribers.erase(found);
  if (was_reliable && --topic->reliable_subscribers == 0 && topic->life) topic->life->stir();
  if (!topic->subscribers.empty()) return;
  end_life(*topic);
  if (!stays(*topic)) leave(*topic);
  drop_unused();
}

// Who subscribes again must find the entry whose last messages are still on their way to the store.
void Broadcasts::State::drop_unused() {
  std::erase_if(topics, [](const auto& entry) {
    const TopicEntry& topic = *entry.second;
    return !topic.life && !topic.is_joined && !topic.is_published_to && !topic.is_delivering;
  });
}

bool Broadcasts::State::serves(const std::string& wire) const {
  const auto found = topics.find(wire);
  return found != topics.end() && (found->second->is_reliable() || found->second->published_reliably);
}

Task<void> Broadcasts::State::expire() {
  for (;;) {
    co_await env().clock.sleep_for(kExpireInterval);
    auto work = [this, now = env().clock.wall_now()] { return needs.store.expire(now); };
    const auto expired = co_await env().offload.run(std::move(work));
    if (!expired) log::warning("broadcast", "the store could not expire: " + expired.error().message());
    for (const auto& [_, topic] : topics) {
      if (!topic->life && !stays(*topic)) leave(*topic);
    }
    drop_unused();
  }
}

// --- the surface ---

Broadcasts::Broadcasts(BroadcastNeeds needs) : state_(std::make_shared<State>(std::move(needs))) {}

Broadcasts::~Broadcasts() = default;

void Broadcasts::start() {
  State& state = *state_;
  state.repair_server.emplace(state.needs.host, state.needs.store, state.needs.limits,
                              [weak = std::weak_ptr(state_)](const std::string& wire) {
                                const auto alive = weak.lock();
                                return alive && alive->serves(wire);
                              });
  state.tasks.spawn(state.expire());
}

Task<void> Broadcasts::close() {
  const auto state = state_;
  state->closed = true;
  state->repair_server.reset();
  const auto topics = state->topics;
  for (const auto& [_, topic] : topics) {
    state->end_life(*topic);
    state->leave(*topic);
    co_await state->deliveries.finish(topic);
  }
  co_await state->tasks.close();
}

Task<BroadcastReport> Broadcasts::broadcast(std::string topic, Bytes payload, BroadcastOptions options) {
  const auto state = state_;
  const bool is_plain = options.kind == TopicKind::kPlain;
  const bool has_ttl = options.ttl.count() > 0 && options.ttl <= state->needs.limits.ttl_max;
  if (options.reliable && (is_plain || !has_ttl)) throw_error(Errc::kBadConfig);
  if (payload.size() > state->needs.limits.payload_max) throw_error(Errc::kTooLarge);
  const TopicPtr entry = state->entry(options.kind, topic);
  entry->is_published_to = true;
  if (!entry->is_joined && !std::exchange(entry->is_configured, true))
    state->needs.gossip.configure(entry->wire, config_of(state, entry));
  if (is_plain) {
    const auto sent = co_await state->needs.gossip.publish(entry->wire, std::move(payload), options.patience);
    ++entry->published;
    co_return BroadcastReport{to_bytes(sent.id), 0, sent.queued, sent.sent, sent.spared, sent.dropped};
  }
  if (const TopicValidator validator = entry->validator) {
    const WallTime now = state->env().clock.wall_now();
    TopicMessage shown{.topic = topic,
                       .kind = TopicKind::kWarren,
                       .from_node = state->sealer.origin().node,
                       .from_peer = state->needs.host.peer_id(),
                       .id = {},
                       .sent_at = now,
                       .received_at = now,
                       .seq = 0,
                       .fetched = false,
                       .payload = std::move(payload)};
    const TopicVerdict verdict = co_await validator(shown);
    if (verdict != TopicVerdict::kAccept) throw_error(Errc::kNotAccepted);
    payload = std::move(shown.payload);
  }
  if (options.reliable) stay(state, entry, options.ttl);
  co_return co_await state->announcer.announce(entry, std::move(payload), options);
}

Subscription Broadcasts::subscribe(std::string topic, TopicOptions options, TopicHandler handler) {
  if (!handler.on_message) throw_error(Errc::kBadConfig, "a subscription without on_message");
  if (options.kind == TopicKind::kPlain && options.reliable) throw_error(Errc::kBadConfig);
  const TopicPtr entry = state_->entry(options.kind, topic);
  const bool is_first = !entry->life;
  if (is_first) {
    entry->life = std::make_shared<TopicLife>(state_->needs.limits);
    entry->validator = std::move(options.validator);
    const auto joined = join(state_, entry);
    if (!joined) {
      entry->life.reset();
      entry->validator = nullptr;
      state_->drop_unused();
      throw_error(joined.error());
    }
  }
  const std::uint64_t id = ++state_->last_subscriber;
  entry->subscribers.emplace(
      id, std::make_shared<const TopicSubscriber>(TopicSubscriber{options.reliable, std::move(handler)}));
  if (options.reliable && ++entry->reliable_subscribers == 1) entry->life->stir();
  if (is_first && entry->kind == TopicKind::kWarren) {
    state_->tasks.spawn(state_->tender.tend(entry, entry->life));
    state_->tasks.spawn(state_->tender.compare_notes(entry, entry->life));
  }
  return Subscription([weak = std::weak_ptr(state_), entry, id] {
    if (const auto alive = weak.lock()) alive->unsubscribe(entry, id);
  });
}

std::vector<TopicStatus> Broadcasts::topics() const {
  std::vector<TopicStatus> all;
  const auto views = state_->needs.gossip.topics();
  const Instant now = state_->env().clock.now();
  for (const auto& [wire, topic] : state_->topics) {
    const auto view = std::ranges::find(views, wire, &pubsub::TopicView::topic);
    all.push_back(status_of(*topic, view == views.end() ? nullptr : &*view, now));
  }
  return all;
}

Signal<const std::string&, bool>& Broadcasts::joined() {
  return state_->joined;
}

}  // namespace warren
