#include "warren/protocols/kad/rpc.hpp"

#include "warren/async/as_result.hpp"
#include "warren/protocols/kad/address_policy.hpp"
#include "warren/protocols/kad/stream_end.hpp"

namespace warren::kad {

namespace {

// The stream or its connection was over before the answer: a kept stream may have been, without being known.
Task<void> write_and_wait_for_end(ByteStream& stream, const Bytes& wire) {
  co_await write_delimited(stream, wire);
  co_await stream.close_write();
  std::uint8_t byte = 0;
  const std::size_t more = co_await stream.read_some(MutableBytes(&byte, 1));
  if (more != 0) throw_error(Errc::kMalformed);
}

}  // namespace

Rpc::Rpc(Host& host, const Config& config, Answered answered, Failed failed)
    : host_(host), config_(config), answered_(std::move(answered)), failed_(std::move(failed)) {}

Task<Message> Rpc::ask(PeerInfo peer, Message question) {
  ++counters_.sent;
  const PeerId id = peer.id;
  auto answer = co_await as_result(ask_connected(std::move(peer), std::move(question)));
  if (!answer) {
    ++counters_.failed;
    failed_(id, answer.error());
  }
  co_return value_or_throw(std::move(answer));
}

Task<void> Rpc::tell(PeerInfo peer, Message message) {
  ++counters_.sent;
  const PeerId id = peer.id;
  const auto told = co_await as_result(tell_connected(std::move(peer), std::move(message)));
  if (told) co_return;
  ++counters_.failed;
  // A reset is the refusal of somebody who is alive.
  if (told.error() != Errc::kReset) failed_(id, told.error());
  throw_error(told.error());
}

Task<ConnectionPtr> Rpc::reach(PeerInfo peer) {
  co_return co_await with_timeout(host_.env().clock, kDialTimeout, host_.connect(std::move(peer)));
}

Task<Message> Rpc::ask_connected(PeerInfo peer, Message question) {
  const ConnectionPtr connection = co_await reach(std::move(peer));
  const Bytes wire =
      co_await with_timeout(host_.env().clock, kAnswerTimeout, exchange(connection, question.encode()));
  auto decoded = Message::decode(wire);
  if (!decoded) throw_error(decoded.error(), "an answer of " + connection->remote_peer().short_text());
  Message answer = std::move(*decoded);
  check(question, answer, *connection);
  const bool told = !answer.closer.empty() || !answer.providers.empty() || answer.record;
  answered_(connection, told && !equal(question.key, host_.peer_id().bytes()));
  co_return answer;
}

Task<Bytes> Rpc::exchange(ConnectionPtr connection, Bytes wire) {
  StreamPtr kept = idle_.take(*connection, host_.env().clock.now());
  if (kept) {
    auto answer = co_await as_result(exchange_on(connection, std::move(kept), wire));
    if (answer || !is_over(answer.error())) co_return value_or_throw(std::move(answer));
  }
  StreamPtr fresh = co_await connection->open_stream(config_.protocol);
  co_return co_await exchange_on(connection, std::move(fresh), wire);
}

Task<Bytes> Rpc::exchange_on(ConnectionPtr connection, StreamPtr stream, const Bytes& wire) {
  co_await write_delimited(*stream, wire);
  Bytes answer = co_await read_delimited(*stream, kAnswerSizeMax);
  idle_.keep(connection, std::move(stream), host_.env().clock.now());
  co_return answer;
}

Task<void> Rpc::tell_connected(PeerInfo peer, Message message) {
  const ConnectionPtr connection = co_await reach(std::move(peer));
  co_await with_timeout(host_.env().clock, kAnswerTimeout, tell_on(connection, message.encode()));
  answered_(connection, false);
}

Task<void> Rpc::tell_on(ConnectionPtr connection, Bytes wire) {
  const StreamPtr stream = co_await connection->open_stream(config_.protocol);
  co_await write_and_wait_for_end(*stream, wire);
}

void Rpc::check(const Message& question, Message& answer, const Connection& connection) {
  if (answer.type != question.type) throw_error(Errc::kMalformed, "the type of an answer");
  // Some leave the key out of answers to FIND_NODE; none has a reason to name another one.
  if (!answer.key.empty() && answer.key != question.key)
    throw_error(Errc::kMalformed, "the key of an answer");
  if (answer.record && answer.record->key != question.key) throw_error(Errc::kBadRecord, "for another key");
  const AddressScope scope = distance_to(connection);
  const Instant now = host_.env().clock.now();
  const auto leads_nowhere = [&](PeerInfo& peer) {
    if (peer.id == host_.peer_id()) return true;
    peer.addresses = allowed(config_.filter, scope, std::move(peer.addresses));
    return peer.addresses.empty() && host_.connections(peer.id).empty() &&
           host_.peerstore().addresses(peer.id, now).empty();
  };
  std::erase_if(answer.closer, leads_nowhere);
  for (PeerInfo& peer : answer.providers) {
    peer.addresses = allowed(config_.filter, scope, std::move(peer.addresses));
  }
}

}  // namespace warren::kad
