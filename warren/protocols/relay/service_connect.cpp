// The service's circuits: CONNECT on the one side, STOP on the other, and what is carried between them.
#include "warren/async/as_result.hpp"
#include "warren/core/circuit.hpp"
#include "warren/env/clock.hpp"
#include "warren/protocols/relay/service.hpp"

namespace warren::relay {

namespace {

// Throws kRelayFailed unless the peer agrees.
Task<void> ask_to_take(ByteStream& stream, PeerId source, CircuitLimits limit) {
  const StopMessage request{.type = StopMessage::Type::kConnect,
                            .peer = Peer{.id = source, .addresses = {}},
                            .limit = limit,
                            .status = {}};
  const Bytes encoded = encode(request);
  co_await write_delimited(stream, encoded);
  const Bytes bytes = co_await read_delimited(stream, kMessageSizeMax);
  const StopMessage answer = value_or_throw(decode_stop(bytes), "answer to STOP");
  if (answer.type != StopMessage::Type::kStatus || answer.status != Status::kOk) {
    throw_error(Errc::kRelayFailed, "the peer does not take the circuit");
  }
}

}  // namespace

// The addresses that the message may name are never looked at: a relay dials nobody.
std::expected<ConnectionPtr, Status> Service::find_target(const Connection& source,
                                                          const HopMessage& request) {
  if (is_circuit(source.remote_address())) return std::unexpected(Status::kPermissionDenied);
  if (!request.peer) return std::unexpected(Status::kMalformedMessage);
  const PeerId& peer = request.peer->id;
  if (!within_rate(source.remote_peer())) return std::unexpected(Status::kResourceLimitExceeded);
  if (!reservations_.holds(peer, host_.env().clock.now())) return std::unexpected(Status::kNoReservation);
  if (peer == source.remote_peer()) return std::unexpected(Status::kConnectionFailed);
  ConnectionPtr target = direct_connection(peer);
  if (target == nullptr) return std::unexpected(Status::kConnectionFailed);
  return target;
}

Task<void> Service::connect(ConnectionPtr source, ByteStream& stream, HopMessage request,
                            Conversation& talk) {
  if (!source->is_open()) throw_error(Errc::kClosed);
  auto target = find_target(*source, request);
  if (target) {
    co_await connect_to(std::move(source), std::move(*target), stream, talk);
  } else {
    ++counters_.circuits_refused;
    co_await refuse(stream, target.error());
  }
}

Task<void> Service::connect_to(ConnectionPtr source, ConnectionPtr target, ByteStream& stream,
                               Conversation& talk) {
  std::optional<CircuitTable::Place> place(std::in_place, circuits_, source->remote_peer(),
                                           target->remote_peer());
  if (!*place) {
    ++counters_.circuits_refused;
    co_await refuse(stream, Status::kResourceLimitExceeded);
    co_return;
  }
  Clock& clock = host_.env().clock;
  const auto taken = co_await as_result(
      with_timeout(clock, kStopTimeout, invite(std::move(target), source->remote_peer(), talk)));
  if (!offered_) throw_error(Errc::kClosed);
  if (!taken) {
    place.reset();  // before the source has read why
    ++counters_.circuits_refused;
    co_await refuse(stream, Status::kConnectionFailed);
    co_return;
  }
  const HopMessage accepted{.type = HopMessage::Type::kStatus,
                            .peer = {},
                            .reservation = {},
                            .limit = config_.circuit,
                            .status = Status::kOk};
  const Bytes encoded = encode(accepted);
  co_await with_timeout(clock, kMessageTimeout, write_delimited(stream, encoded));
  ++counters_.circuits_opened;
  co_await relay(stream, **taken, talk);
}

// The stream to the peer, which has agreed to take the circuit.
Task<StreamPtr> Service::invite(ConnectionPtr target, PeerId source, Conversation& talk) {
  StreamPtr stream = co_await target->open_stream(ProtocolId(kStopProtocol));
  const Conversation::Stop registered(talk, *stream);
  co_await ask_to_take(*stream, std::move(source), config_.circuit);
  co_return stream;
}

Task<void> Service::relay(ByteStream& source, ByteStream& target, Conversation& talk) {
  Clock& clock = host_.env().clock;
  const CircuitLimits& limits = config_.circuit;
  const Instant ends = clock.now() + limits.time_max;
  const bool is_timed = limits.time_max > Duration::zero();
  const Conversation::Stop registered(talk, target);
  Splice splice(source, target, limits.bytes_max, buffers_, counters_.bytes_relayed);
  const Conversation::Forwarding forwarding(talk, splice);
  Result<> ended;
  if (is_timed) {
    ended = co_await as_result(with_timeout(clock, limits.time_max, splice.run()));
  } else {
    ended = co_await as_result(splice.run());
  }
  if (ended) co_return;
  source.reset();
  target.reset();
  const bool by_time = is_timed && ended.error() == Errc::kTimedOut && clock.now() >= ends;
  if (by_time || ended.error() == Errc::kLimitReached) ++counters_.circuits_ended_by_limit;
}

}  // namespace warren::relay
