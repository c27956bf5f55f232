#include "warren/messaging/request_protocol.hpp"

#include <algorithm>

#include "warren/async/as_result.hpp"
#include "warren/core/farewell.hpp"
#include "warren/messaging/conversation.hpp"

namespace warren {
namespace {

// A response of the largest size has as long as a message of that size.
std::size_t reply_size_max(const MessagingLimits& limits) {
  return limits.body_max + kEnvelopeOverheadMax + kBodyOverheadMax;
}

// What is left of a circuit for the answer that did not fit; another path must carry more.
std::uint64_t left_to_receive(const Connection& connection) {
  const CircuitBudget* const budget = connection.circuit_budget();
  return budget == nullptr ? 0 : budget->left_to_receive().value_or(0);
}

// The answer itself, or that this connection cannot carry it. It stays in the log, for who asks again over
// another path.
AnswerPtr what_fits(const MessagingParts& parts, const Connection& connection, AnswerPtr answer) {
  const PathNeed need{.send = answer->payload.size() + kBodyOverheadMax + kEnvelopeOverhead, .receive = 0};
  if (carries(parts, connection, need)) return answer;
  const std::string reason = "the answer needs " + std::to_string(need.send) + " bytes; " +
                             describe_budget(connection, parts.env().clock.now());
  return std::make_shared<const ResponseBody>(
      ResponseBody{.verdict = {Status::kLimitedByBudget, reason}, .payload = {}});
}

}  // namespace

RequestProtocol::RequestProtocol(MessagingParts& parts, ServiceRunner& runner)
    : parts_(parts), runner_(runner) {}

void RequestProtocol::start() {
  parts_.host.handle(std::string(kRequestProtocol), [this](ConnectionPtr connection, StreamPtr stream) {
    return take_over(std::move(connection), std::move(stream));
  });
}

void RequestProtocol::stop() {
  parts_.host.unhandle(std::string(kRequestProtocol));
}

// --- asking ---

Task<Bytes> RequestProtocol::request(PeerInfo to, std::optional<NodeId> expected, std::string service,
                                     Bytes payload, Duration timeout, CallOptions options) {
  if (!is_service_name(service)) throw_error(Errc::kNoSuchService, "name of a service");
  if (payload.size() > parts_.config.limits.body_max - kBodyOverheadMax) throw_error(Errc::kTooLarge);
  const PathNeed need{.send = payload.size() + kBodyOverheadMax + kEnvelopeOverhead,
                      .receive = kBodyOverheadMax + kEnvelopeOverhead};
  Outgoing outgoing{.expected = std::move(expected),
                    .body = {.id = parts_.env().random.bytes<16>(),
                             .service = std::move(service),
                             .payload = std::move(payload)},
                    .options = options,
                    .need = need,
                    .travel = Travel(parts_.env().clock.now() + timeout),
                    .limited = {}};
  co_return co_await with_timeout(parts_.env().clock, timeout,
                                  request_in_time(std::move(to), std::move(outgoing)));
}

Task<Bytes> RequestProtocol::request_in_time(PeerInfo to, Outgoing outgoing) {
  const auto slot = co_await parts_.slots.acquire(to.id);
  while (true) {
    Path path = co_await next_path(to, outgoing);
    auto response = co_await as_outcome(attempt(path, outgoing));
    if (!response) {
      outgoing.travel.broke(response.error(), parts_.env().clock.now());
    } else if (response->verdict.status == Status::kLimitedByBudget &&
               outgoing.travel.attempts() < Travel::kAttemptsMax) {
      outgoing.limited = std::move(response->verdict);
      outgoing.need.receive = std::max(outgoing.need.receive, left_to_receive(*path.connection)) + 1;
    } else {
      throw_unless_ok(response->verdict);
      co_return std::move(response->payload);
    }
  }
}

Task<Path> RequestProtocol::next_path(const PeerInfo& to, const Outgoing& outgoing) {
  auto path =
      co_await as_outcome(warren::next_path(parts_, to, outgoing.options, outgoing.need, outgoing.travel));
  if (path) co_return std::move(*path);
  if (outgoing.limited) throw_unless_ok(*outgoing.limited);
  outgoing.travel.give_up(path.error());
}

Task<ResponseBody> RequestProtocol::attempt(Path& path, Outgoing& outgoing) {
  outgoing.travel.set_out(path.connection);
  const auto use = parts_.signs.use(path.connection);
  const Counterpart counterpart = co_await find_counterpart(parts_, path.connection, outgoing.expected);
  outgoing.expected = counterpart.node;
  const Sealer::Sealed sealed = co_await seal(counterpart.node, outgoing);
  outgoing.travel.send(sealed.wire.size());
  Bytes answer = co_await converse(parts_, counterpart, std::string(kRequestProtocol), sealed.wire,
                                   outgoing.travel, reply_size_max(parts_.config.limits));
  co_return co_await open_reply(counterpart.connection, std::move(answer), sealed.id);
}

// A retry is a new envelope around the same request, with a later time stamp than the first: that is how the
// receiver tells them apart.
Task<Sealer::Sealed> RequestProtocol::seal(const NodeId& recipient, Outgoing& outgoing) {
  RequestBody& body = outgoing.body;
  WallTime timestamp = parts_.env().clock.wall_now();
  if (outgoing.travel.attempts() == 1 || body.first_sent == WallTime{}) {
    body.first_sent = timestamp;
  } else {
    timestamp = std::max(timestamp, body.first_sent + std::chrono::milliseconds(1));
  }
  Sealer::Draft draft{.recipient = recipient,
                      .protocol = std::string(kRequestProtocol),
                      .kind = MessageKind::kRequest,
                      .timestamp = timestamp,
                      .body = body.encode()};
  co_return co_await parts_.sealer.seal(std::move(draft));
}

Task<ResponseBody> RequestProtocol::open_reply(const ConnectionPtr& connection, Bytes answer,
                                               MessageId request) {
  Reply reply = value_or_throw(Reply::decode(std::move(answer)), "reply");
  if (!reply.envelope) co_return ResponseBody{.verdict = std::move(reply.refusal)};
  const ReceiveRules::Purpose purpose{kRequestProtocol, MessageKind::kResponse};
  auto received = co_await parts_.receiver.open(connection, std::move(*reply.envelope), purpose);
  if (!received) throw_error(received.error(), "response");
  if (received->header.reply_to != request) throw_error(Errc::kReplayed, "response to another request");
  value_or_throw(parts_.rules.remember(received->header, parts_.env().clock.now()), "response");
  co_return value_or_throw(ResponseBody::decode(std::move(received->body)), "response");
}

// --- answering ---

// Conversations run in our own group, so that closing it waits for them.
Task<void> RequestProtocol::take_over(ConnectionPtr connection, StreamPtr stream) {
  StreamPtr watched = parts_.signs.watch(connection, std::move(stream));
  parts_.tasks.spawn(serve(std::move(connection), std::move(watched)));
  co_return;
}

Task<void> RequestProtocol::serve(ConnectionPtr connection, StreamPtr stream) {
  const PeerId peer = connection->remote_peer();
  PeerQuota::Lease lease(parts_.streams, peer);
  if (!lease.take(1)) throw_error(Errc::kLimitReached);
  std::error_code refusal;
  {
    PeerQuota::Lease bytes(parts_.bytes, peer);
    auto received = co_await receive(connection, *stream, bytes);
    if (received) {
      const NodeId sender = received->sender;
      const MessageId id = received->id;
      const auto answered = co_await answer(std::move(*received), peer);
      if (answered) {
        const AnswerPtr fitting = what_fits(parts_, *connection, *answered);
        const PathUse::Lease path = promise(parts_, *connection, fitting->payload.size());
        co_await respond(*stream, sender, id, fitting);
        ++parts_.counters.requests_served;
        co_return;
      }
      refusal = answered.error();
    } else {
      refusal = received.error();
    }
  }
  if (is_broken(refusal)) co_return;
  const MessageRefusal event{peer, std::string(kRequestProtocol), refusal};
  parts_.refused.emit(event);
  const Reply reply{.refusal = to_verdict(refusal)};
  const Bytes encoded = reply.encode();
  co_await with_timeout(parts_.env().clock, parts_.config.limits.message_timeout,
                        write_delimited(*stream, encoded));
  co_await say_farewell(parts_.env().clock, *stream);
}

Task<Result<Received>> RequestProtocol::receive(ConnectionPtr connection, ByteStream& stream,
                                                PeerQuota::Lease& lease) {
  const std::size_t size_max = parts_.config.limits.body_max + kEnvelopeOverheadMax;
  auto wire = co_await as_result(parts_.receiver.read(stream, lease, size_max));
  if (!wire) co_return fail(wire.error());
  const ReceiveRules::Purpose purpose{kRequestProtocol, MessageKind::kRequest};
  auto received = co_await parts_.receiver.open(std::move(connection), std::move(*wire), purpose);
  co_return received;
}

Task<Result<AnswerPtr>> RequestProtocol::answer(Received received, PeerId from_peer) {
  const auto remembered = parts_.rules.remember(received.header, parts_.env().clock.now());
  if (!remembered) co_return fail(remembered.error());
  auto body = RequestBody::decode(std::move(received.body));
  if (!body) co_return fail(body.error());
  if (body->first_sent > received.header.timestamp) co_return fail(Errc::kMalformed);
  const RequestLog::Attempt attempt{received.header.sender, body->id, received.header.timestamp,
                                    body->first_sent};
  ServiceCall call{received.sender, from_peer, std::move(body->service), std::move(body->payload)};
  auto answered = co_await runner_.answer(attempt, std::move(call));
  co_return answered;
}

Task<void> RequestProtocol::respond(ByteStream& stream, NodeId to, MessageId request, AnswerPtr answer) {
  Sealer::Draft draft{.recipient = to,
                      .protocol = std::string(kRequestProtocol),
                      .kind = MessageKind::kResponse,
                      .timestamp = parts_.env().clock.wall_now(),
                      .reply_to = request,
                      .body = answer->encode()};
  Sealer::Sealed sealed = co_await parts_.sealer.seal(std::move(draft));
  Reply reply{.envelope = std::move(sealed.wire)};
  const Bytes encoded = reply.encode();
  reply.envelope.reset();
  co_await with_timeout(parts_.env().clock, parts_.config.limits.message_timeout,
                        write_delimited(stream, encoded));
  co_await say_farewell(parts_.env().clock, stream);
}

}  // namespace warren
