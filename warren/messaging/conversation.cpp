#include "warren/messaging/conversation.hpp"

#include "warren/async/as_result.hpp"
#include "warren/base/writer.hpp"
#include "warren/messaging/travel.hpp"

namespace warren {
namespace {

// Of a larger message, this much is sent for itself in the end.
constexpr std::size_t kLastPart = 64 * 1024;

Task<void> write_whole(ByteStream& stream, const Bytes& wire, Travel& travel) {
  BytesView rest = wire;
  if (rest.size() > kLastPart) {
    Writer length;
    length.varint(rest.size());
    co_await stream.write(length.view());
    const std::size_t first = rest.size() - kLastPart;
    co_await stream.write(rest.first(first));
    rest = rest.subspan(first);
    travel.send_last();
    co_await stream.write(rest);
  } else {
    travel.send_last();
    co_await write_delimited(stream, rest);
  }
  co_await stream.close_write();
}

// Never ends by itself: what became of the message the reader learns, from the answer or from the same reset.
Task<void> keep_writing(ByteStream& stream, const Bytes& wire, Travel& travel) {
  const auto written = co_await as_result(write_whole(stream, wire, travel));
  std::ignore = written;
  Event never;
  while (true) co_await never.wait();
}

Task<void> read_answer(MessagingParts& parts, ByteStream& stream, PeerQuota::Lease& lease,
                       std::size_t size_max, Bytes& answer) {
  // The caller's time limit counts: a service may take long to answer.
  answer = co_await parts.receiver.read_answer(stream, lease, size_max);
}

}  // namespace

Task<Counterpart> find_counterpart(MessagingParts& parts, ConnectionPtr connection,
                                   std::optional<NodeId> expected) {
  std::optional<NodeId> node = parts.bindings.node_of(connection);
  if (!node) {
    node = co_await parts.bindings.find_node(connection->remote_peer());
    // What is stored is a hint, so another node there now is no error yet.
    if (node && expected && node != expected) node.reset();
  }
  if (!node) {
    const auto bound = co_await parts.bindings.bound(connection);
    node = bound.node;
  }
  if (expected && *node != *expected) throw_error(Errc::kBindingMismatch);
  co_return Counterpart{std::move(connection), *node};
}

Task<void> confirm_counterpart(MessagingParts& parts, const Counterpart& counterpart) {
  const auto bound = co_await parts.bindings.bound(counterpart.connection);
  if (bound.node != counterpart.node) throw_error(Errc::kBindingMismatch);
}

Task<Bytes> converse(MessagingParts& parts, const Counterpart& counterpart, ProtocolId protocol,
                     const Bytes& wire, Travel& travel, std::size_t answer_max) {
  StreamPtr opened = co_await counterpart.connection->open_stream(std::move(protocol));
  const StreamPtr stream = parts.signs.watch(counterpart.connection, std::move(opened));
  PeerQuota::Lease lease(parts.bytes, counterpart.connection->remote_peer());
  Bytes answer;
  co_await race(keep_writing(*stream, wire, travel), read_answer(parts, *stream, lease, answer_max, answer));
  co_return answer;
}

bool is_broken(std::error_code error) {
  // A circuit that has used up what its relay lets it carry may say so.
  return error == Errc::kReset || error == Errc::kClosed || error == Errc::kEndOfStream ||
         error == Errc::kLimitedByBudget;
}

}  // namespace warren
