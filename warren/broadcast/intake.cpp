#include "warren/broadcast/intake.hpp"

#include "warren/async/as_result.hpp"
#include "warren/base/log.hpp"

namespace warren {
namespace {

// All but its id and payload.
TopicMessage message_of(const TopicEntry& topic, const Header& header, const NodeId& node,
                        const Intake::Incoming& incoming, WallTime now) {
  return {.topic = topic.name,
          .kind = TopicKind::kWarren,
          .from_node = node,
          .from_peer = incoming.author,
          .id = {},
          .sent_at = header.timestamp,
          .received_at = now,
          .seq = header.seq,
          .fetched = incoming.way == BroadcastWay::kFetched,
          .payload = {}};
}

// Errors of the validator are no verdict over the message.
Task<TopicVerdict> ask(TopicValidator validator, const TopicMessage& message) {
  if (!validator) co_return TopicVerdict::kAccept;
  const auto verdict = co_await as_result(validator(message));
  co_return verdict.value_or(TopicVerdict::kIgnore);
}

std::unexpected<std::error_code> contradiction(const TopicEntry& topic, const NodeId& node,
                                               std::uint64_t seq) {
  log::warning("broadcast", node.to_string() + " has sent two messages under the number " +
                                std::to_string(seq) + " on " + topic.wire + "; the first one counts");
  return fail(Errc::kExists);
}

// Keeps what others know of the gaps up to date; it may have been the last thing missing.
void stir_if_gaps(TopicLife& life) {
  if (life.gaps.missing_count() > 0 || !life.reports.open().empty()) life.stir();
}

}  // namespace

Task<Result<Sm2PublicKey>> Intake::key_of(NodeKey sender) {
  if (const auto known = keys_.find(sender); known != keys_.end()) co_return known->second;
  auto work = [sender] { return Sm2PublicKey::from_compressed(sender); };
  co_return co_await env_.offload.run(std::move(work));
}

Task<Result<MessageId>> Intake::verify(const OpenedBroadcast& opened, const Sm2PublicKey& key,
                                       const Incoming& incoming) {
  auto work = [&opened, &key] { return verify_signature(opened.envelope, opened.header, key); };
  const auto id = co_await env_.offload.run(std::move(work));
  if (!id) {
    rules_.note_forgery(opened.header, incoming.way, incoming.from, env_.clock.now());
    co_return id;
  }
  if (keys_.size() >= limits_.keys_max) keys_.erase(keys_.begin());
  keys_.try_emplace(opened.header.sender, key);
  co_return id;
}

Task<Result<>> Intake::take(TopicPtr topic, Incoming incoming) {
  const TopicLifePtr life = topic->life;
  if (!life) co_return fail(Errc::kNotSubscribed);
  const bool is_stored = incoming.way != BroadcastWay::kLive;
  auto bytes = is_stored ? incoming.wire : std::move(incoming.wire);
  auto opened = rules_.open(std::move(bytes), topic->context);
  if (!opened) co_return fail(opened.error());
  const Header& header = opened->header;
  const WallTime now = env_.clock.wall_now();
  const auto timely = rules_.check_time(header, incoming.way, life->since, now);
  if (!timely) co_return timely;

  const auto key = co_await key_of(header.sender);
  if (!key) co_return fail(key.error());
  const BroadcastOrigin origin{NodeId(*key), header.epoch};
  const bool was_had = life->gaps.has(origin, header.seq);
  if (was_had && rules_.is_copy(topic->wire, header)) co_return fail(Errc::kReplayed);
  const auto turn = rules_.take_turn(header, incoming.way, incoming.from, env_.clock.now());
  if (!turn) co_return turn;
  const auto id = co_await verify(*opened, *key, incoming);
  if (!id) co_return fail(id.error());
  if (was_had) co_return contradiction(*topic, origin.node, header.seq);

  TopicMessage message = message_of(*topic, header, origin.node, incoming, now);
  message.id = to_bytes(*id);
  message.payload = std::move(opened->envelope.body);
  const TopicVerdict verdict = co_await ask(topic->validator, message);
  co_await deliveries_.wait_for_room(topic);
  // From here to the end nothing waits: what is remembered is delivered.
  if (life->over) co_return fail(Errc::kNotSubscribed);
  if (!life->gaps.note(origin, header.seq, env_.clock.now())) {
    if (rules_.is_copy(topic->wire, header)) co_return fail(Errc::kReplayed);
    co_return contradiction(*topic, origin.node, header.seq);
  }
  rules_.remember(topic->wire, header);
  stir_if_gaps(*life);
  if (verdict == TopicVerdict::kIgnore) co_return fail(Errc::kNotAccepted);
  if (verdict == TopicVerdict::kReject) co_return fail(Errc::kDenied);
  Delivery delivery{.message = std::move(message), .keep = std::nullopt};
  if (is_stored && header.ttl.count() != 0) {
    delivery.keep = StoredBroadcast{
        topic->wire, origin, header.seq, *id, header.timestamp + header.ttl, std::move(incoming.wire)};
  }
  deliveries_.push(topic, std::move(delivery));
  co_return Result<>{};
}

Task<Result<>> Intake::check(TopicPtr topic, Incoming incoming) {
  const auto opened = rules_.open(std::move(incoming.wire), topic->context);
  if (!opened) co_return fail(opened.error());
  const Header& header = opened->header;
  const auto timely = rules_.check_time(header, BroadcastWay::kLive, {}, env_.clock.wall_now());
  if (!timely) co_return timely;
  const auto key = co_await key_of(header.sender);
  if (!key) co_return fail(key.error());
  const auto turn = rules_.take_turn(header, incoming.way, incoming.from, env_.clock.now());
  if (!turn) co_return turn;
  const auto id = co_await verify(*opened, *key, incoming);
  if (!id) co_return fail(id.error());
  co_return Result<>{};
}

void Intake::take_own(const TopicPtr& topic, const BroadcastOrigin& origin, TopicMessage message) {
  if (!topic->life) return;
  topic->life->gaps.note(origin, message.seq, env_.clock.now());
  deliveries_.push(topic, {.message = std::move(message), .keep = std::nullopt});
}

}  // namespace warren
