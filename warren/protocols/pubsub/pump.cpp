#include "warren/protocols/pubsub/pump.hpp"

#include <algorithm>

#include "warren/async/as_result.hpp"
#include "warren/crypto/hash.hpp"

namespace warren::pubsub {

namespace {

constexpr std::string_view kTag = "pubsub";
// Between looks at what takes too long.
constexpr Duration kTickInterval = 1s;

// Without authors and numbers, a message is what it says.
MessageId content_id(const MessageView& message) {
  Bytes bytes = to_bytes(message.topic);
  bytes.push_back(0);
  append(bytes, message.data);
  return to_text(sha256(bytes));
}

// Greater than all that this key has used before, unless the clock was set back or it signs more than one
// message a nanosecond.
std::uint64_t first_seqno(WallTime now) {
  return static_cast<std::uint64_t>(unix_ms(now)) * 1'000'000;
}

}  // namespace

GossipSub::State::State(Host& in_host, GossipConfig in_config, Accounts in_accounts)
    : host(in_host),
      config(std::move(in_config)),
      accounts(in_accounts),
      router(host.peer_id(), config.params, host.env().random),
      seqno(first_seqno(host.env().clock.wall_now())),
      tasks(host.env().executor, "pubsub"),
      peers(host, config, accounts.queue_bytes, tasks,
            {.up = [this](const PeerId& peer, PeerFacts facts) { peer_is_up(peer, facts); },
             .down = [this](const PeerId& peer) { peer_is_down(peer); }}),
      readers(host, config,
              {.opened = [this](const PeerId& peer, Version version) { peers.note_inbound(peer, version); },
               .is_up = [this](const PeerId& peer) { return peers.is_up(peer); },
               .has_room = [this](const PeerId& peer) { return validation.has_room(peer); },
               .receive = [this](const PeerId& peer, BytesView rpc) -> Result<> {
                 auto arrivals = router.receive(peer, rpc, now());
                 if (!arrivals) return fail(arrivals.error());
                 if (!arrivals->empty()) validation.submit(std::move(*arrivals));
                 return {};
               },
               .received = [this] { pump(); },
               .blame = [this](const PeerId& peer) { router.blame(peer); }}),
      validation(host, config, topics, tasks,
                 {.judge =
                      [this](const Arrival& arrival, Verdict verdict,
                             const std::shared_ptr<const Message>& message) {
                        router.judge(arrival, verdict, now());
                        if (verdict == Verdict::kAccept && message) deliver(message);
                      },
                  .judged =
                      [this] {
                        readers.notify();
                        pump();
                      }}),
      dials(host, tasks) {}

void GossipSub::State::pump() {
  if (pumping) return;  // a handler, or a peer's end, in the middle of it: what it wants is done below
  pumping = true;
  for (Actions actions = router.take_actions(); !actions.empty(); actions = router.take_actions()) {
    for (Send& send : actions.sends) peers.send(std::move(send));
    for (const Withdraw& withdraw : actions.withdrawals) peers.withdraw(withdraw);
    for (Dial& dial : actions.dials) dials.add(std::move(dial));
    for (const PeerId& peer : actions.grafted) protect(peer);
    for (const PeerId& peer : actions.pruned) unprotect(peer);
  }
  pumping = false;
  if (router.next_wake() < planned) plan_changed.notify_all();
}

Task<void> GossipSub::State::keep_time() {
  Clock& clock = host.env().clock;
  Instant ticked = clock.now();
  while (true) {
    const Instant now = clock.now();
    if (router.next_wake() <= now) router.wake(now);
    if (now - ticked >= kTickInterval) {
      ticked = now;
      peers.tick(now);
      readers.tick(now);
    }
    pump();
    planned = std::min(router.next_wake(), ticked + kTickInterval);
    co_await race(plan_changed.wait(), clock.sleep_until(planned));
  }
}

void GossipSub::State::deliver(const std::shared_ptr<const Message>& message) {
  const auto entry = entry_of(topics, message->topic);  // held: the handler may leave the topic
  if (entry && entry->joined && entry->handler) {
    const MessageHandler handler = entry->handler;
    handler(message);
  }
}

// --- peers ---

void GossipSub::State::peer_is_up(const PeerId& peer, const PeerFacts& facts) {
  router.add_peer(peer, facts, now());
  readers.notify();
  pump();
}

void GossipSub::State::peer_is_down(const PeerId& peer) {
  router.remove_peer(peer, now());
  readers.reset(peer);
  pump();
  unprotect(peer);
}

void GossipSub::State::protect(const PeerId& peer) {
  if (protected_peers.contains(peer)) return;
  if (host.protect(peer, kTag)) protected_peers.insert(peer);
}

void GossipSub::State::unprotect(const PeerId& peer) {
  if (protected_peers.erase(peer) > 0) host.unprotect(peer, kTag);
}

// --- topics and own messages ---

Result<> GossipSub::State::check(const Topic& topic) const {
  if (topic.empty() || topic.size() > config.params.rpc.topic_size_max) return fail(Errc::kBadTopic);
  return {};
}

Router::TopicRules GossipSub::State::rules_of(const TopicConfig& topic) const {
  Router::TopicRules rules = topic.rules;
  using Plain = MessageId (*)(const MessageView&);
  const Plain* id = rules.id.target<Plain>();
  const bool by_author = !rules.id || (id != nullptr && *id == &default_message_id);
  if (by_author) rules.id = config.unsigned_messages ? content_id : default_message_id;
  return rules;
}

Bytes GossipSub::State::encode(const Topic& topic, BytesView data) {
  if (config.unsigned_messages) return unsigned_message(topic, data);
  return sign_message(host.key(), ++seqno, topic, data);
}

Task<void> GossipSub::State::throw_unless_accepted(std::shared_ptr<TopicEntry> entry,
                                                   std::shared_ptr<const Message> message) {
  const Validator validator = entry->config.validator;
  const auto verdict = co_await as_result(
      with_timeout(host.env().clock, config.validation_timeout, validator(std::move(message))));
  if (!verdict) throw_error(Errc::kNotAccepted, verdict.error().message());
  if (*verdict != Verdict::kAccept) throw_error(Errc::kNotAccepted, "own message");
}

}  // namespace warren::pubsub
