#include "warren/messaging/message_protocol.hpp"

#include "warren/async/as_result.hpp"
#include "warren/core/farewell.hpp"
#include "warren/messaging/bodies.hpp"
#include "warren/messaging/conversation.hpp"

namespace warren {
namespace {

// An acknowledgement is small, but its way out may be blocked.
constexpr Duration kAckTimeout = std::chrono::seconds(10);

// What the receiver's answer says about a message that was sent before, over a connection that broke: the
// bytes are the same, so "seen before" means that they arrived then; a receiver that has started since cannot
// know.
Verdict meaning_of_retry(Verdict verdict) {
  if (verdict.status == Status::kReplayed) return {};
  if (verdict.status == Status::kBeforeStart) return {Status::kOutcomeUnknown, std::move(verdict.reason)};
  return verdict;
}

}  // namespace

MessageProtocol::MessageProtocol(MessagingParts& parts, InboxStore& inbox,
                                 Signal<const InboxMessage&>& received)
    : parts_(parts), inbox_(inbox), received_(received) {}

void MessageProtocol::start() {
  parts_.host.handle(std::string(kMessageProtocol), [this](ConnectionPtr connection, StreamPtr stream) {
    return take_over(std::move(connection), std::move(stream));
  });
}

void MessageProtocol::stop() {
  parts_.host.unhandle(std::string(kMessageProtocol));
}

// --- sending ---

Task<void> MessageProtocol::send(PeerInfo to, std::optional<NodeId> expected, Bytes payload,
                                 CallOptions options) {
  if (payload.size() > parts_.config.limits.body_max) throw_error(Errc::kTooLarge);
  const PathNeed need{.send = payload.size() + kEnvelopeOverhead, .receive = kAckSizeMax};
  const Duration timeout = parts_.config.limits.message_timeout;
  Outgoing message{.expected = std::move(expected),
                   .payload = std::move(payload),
                   .sealed = {},
                   .options = options,
                   .need = need,
                   .travel = Travel(parts_.env().clock.now() + timeout)};
  co_await with_timeout(parts_.env().clock, timeout, send_in_time(std::move(to), std::move(message)));
}

Task<void> MessageProtocol::send_in_time(PeerInfo to, Outgoing message) {
  const auto slot = co_await parts_.slots.acquire(to.id);
  while (true) {
    auto path = co_await as_outcome(next_path(parts_, to, message.options, message.need, message.travel));
    if (!path) message.travel.give_up(path.error());
    const auto verdict = co_await as_outcome(attempt(*path, message));
    if (verdict) {
      throw_unless_ok(*verdict);
      co_return;
    }
    message.travel.broke(verdict.error(), parts_.env().clock.now());
  }
}

Task<Verdict> MessageProtocol::attempt(Path& path, Outgoing& message) {
  message.travel.set_out(path.connection);
  const auto use = parts_.signs.use(path.connection);
  const Counterpart counterpart = co_await find_counterpart(parts_, path.connection, message.expected);
  const bool is_retry = message.sealed.has_value();
  if (!is_retry) co_await seal(counterpart.node, message);
  message.travel.send(message.sealed->wire.size());
  const Bytes answer = co_await converse(parts_, counterpart, std::string(kMessageProtocol),
                                         message.sealed->wire, message.travel, kAckSizeMax);
  Verdict verdict = value_or_throw(decode_ack(answer), "acknowledgement");
  if (is_retry) verdict = meaning_of_retry(std::move(verdict));
  if (verdict.status == Status::kOk) co_await confirm_counterpart(parts_, counterpart);
  co_return verdict;
}

// Once: a retry must be the same bytes.
Task<void> MessageProtocol::seal(const NodeId& recipient, Outgoing& message) {
  message.expected = recipient;
  Sealer::Draft draft{.recipient = recipient,
                      .protocol = std::string(kMessageProtocol),
                      .kind = MessageKind::kMessage,
                      .timestamp = parts_.env().clock.wall_now(),
                      .body = std::move(message.payload)};
  message.sealed.emplace(co_await parts_.sealer.seal(std::move(draft)));
}

// --- receiving ---

// Conversations run in our own group, so that closing it waits for them.
Task<void> MessageProtocol::take_over(ConnectionPtr connection, StreamPtr stream) {
  StreamPtr watched = parts_.signs.watch(connection, std::move(stream));
  parts_.tasks.spawn(serve(std::move(connection), std::move(watched)));
  co_return;
}

Task<void> MessageProtocol::serve(ConnectionPtr connection, StreamPtr stream) {
  PeerQuota::Lease lease(parts_.streams, connection->remote_peer());
  if (!lease.take(1)) throw_error(Errc::kLimitReached);
  const auto taken = co_await receive(connection, *stream);
  if (!taken && !is_broken(taken.error())) {
    const MessageRefusal refusal{connection->remote_peer(), std::string(kMessageProtocol), taken.error()};
    parts_.refused.emit(refusal);
  }
  const Bytes ack = encode_ack(to_verdict(taken ? std::error_code() : taken.error()));
  co_await with_timeout(parts_.env().clock, kAckTimeout, write_delimited(*stream, ack));
  co_await say_farewell(parts_.env().clock, *stream);
}

Task<Result<>> MessageProtocol::receive(ConnectionPtr connection, ByteStream& stream) {
  PeerQuota::Lease lease(parts_.bytes, connection->remote_peer());
  const std::size_t size_max = parts_.config.limits.body_max + kEnvelopeOverheadMax;
  auto wire = co_await as_result(parts_.receiver.read(stream, lease, size_max));
  if (!wire) co_return fail(wire.error());
  const ReceiveRules::Purpose purpose{kMessageProtocol, MessageKind::kMessage};
  auto received = co_await parts_.receiver.open(connection, std::move(*wire), purpose);
  if (!received) co_return fail(received.error());
  const auto stored = co_await store(connection->remote_peer(), std::move(*received));
  co_return stored;
}

// Remembered as seen only when it is on disk: so "seen before" always means "is there", also to a retry that
// comes while the first copy is being written (the store takes an id once).
Task<Result<>> MessageProtocol::store(PeerId peer, Received received) {
  InboxMessage message{.id = received.id,
                       .from_node = received.sender,
                       .from_peer = peer,
                       .sent_at = received.header.timestamp,
                       .received_at = received.at,
                       .payload = std::move(received.body)};
  auto work = [this, &message] { return inbox_.append(message); };
  const auto number = co_await parts_.env().offload.run(std::move(work));
  if (!number && number.error() != Errc::kReplayed) co_return fail(number.error());
  const auto remembered = parts_.rules.remember(received.header, parts_.env().clock.now());
  if (!number) co_return fail(number.error());
  // A copy that was faster would have made the append fail; what is left is a full window, and the message is
  // taken.
  std::ignore = remembered;
  message.number = *number;
  received_.emit(message);
  co_return Result<>{};
}

}  // namespace warren
