#include "warren/messaging/envelope_receiver.hpp"

#include <algorithm>

#include "warren/async/as_result.hpp"
#include "warren/core/stream_varint.hpp"

namespace warren {
namespace {

// A peer that announces much and sends little gets memory for what it sent, plus this.
constexpr std::size_t kReadStep = 64 * 1024;

// And the right to so many times as much, in pages that the kernel only gives when they are written to: a
// large message is moved twice while it grows.
constexpr std::size_t kReserveFactor = 16;

Task<void> skip(ByteStream& stream, std::size_t size) {
  Bytes step(std::min(size, kReadStep));
  while (size > 0) {
    const MutableBytes part = MutableBytes(step).first(std::min(size, step.size()));
    co_await read_exactly(stream, part);
    size -= part.size();
  }
}

}  // namespace

EnvelopeReceiver::EnvelopeReceiver(Env& env, const MessagingConfig& config, ReceiveRules& rules,
                                   BindingExchange& bindings, MessagingCounters& counters)
    : env_(env), config_(config), rules_(rules), bindings_(bindings), counters_(counters) {}

Task<Bytes> EnvelopeReceiver::read(ByteStream& stream, PeerQuota::Lease& lease, std::size_t size_max) {
  return with_timeout(env_.clock, config_.limits.receive_timeout, read_answer(stream, lease, size_max));
}

Task<Bytes> EnvelopeReceiver::read_answer(ByteStream& stream, PeerQuota::Lease& lease, std::size_t size_max) {
  const std::uint64_t size = co_await read_varint(stream);
  if (size > size_max) throw_error(Errc::kTooLarge);
  Bytes message;
  while (message.size() < size) {
    const std::size_t have = message.size();
    const std::size_t step = std::min<std::size_t>(size - have, kReadStep);
    if (!lease.take(step)) {
      Bytes().swap(message);
      co_await skip(stream, size - have);
      throw_error(Errc::kLimitReached);
    }
    if (message.capacity() < have + step) {
      message.reserve(std::min<std::size_t>(size, kReserveFactor * (have + step)));
    }
    message.resize(have + step);
    co_await read_exactly(stream, MutableBytes(message).subspan(have));
  }
  co_return message;
}

Task<Result<Received>> EnvelopeReceiver::open(ConnectionPtr connection, Bytes wire,
                                              ReceiveRules::Purpose purpose) {
  auto envelope = Envelope::decode(std::move(wire), config_.limits.body_max);
  if (!envelope) co_return fail(envelope.error());
  auto header = Header::decode(envelope->header);
  if (!header) co_return fail(header.error());
  const ReceiveRules::Moment now{env_.clock.wall_now(), env_.clock.now()};
  const auto passed = rules_.check(*header, purpose, connection->remote_peer(), now);
  if (!passed) co_return fail(passed.error());

  const auto bound = co_await as_result(bindings_.bound(connection));
  if (!bound) co_return fail(bound.error());
  const auto from_bound = ReceiveRules::check_sender(*header, bound->node);
  if (!from_bound) co_return fail(from_bound.error());

  Duration took{};  // without the wait for a worker
  auto work = [&] {
    const Instant begin = env_.clock.now();
    auto verified = verify_signature(*envelope, *header, bound->key);
    took = env_.clock.now() - begin;
    return verified;
  };
  const auto id = co_await env_.offload.run(std::move(work));
  counters_.verifications.add(took);
  if (!id) co_return fail(id.error());
  co_return Received{std::move(*header), *id, bound->node, std::move(envelope->body), now.wall};
}

}  // namespace warren
