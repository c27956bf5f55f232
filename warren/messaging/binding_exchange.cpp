#include "warren/messaging/binding_exchange.hpp"

#include <algorithm>

#include "warren/async/as_result.hpp"
#include "warren/base/log.hpp"
#include "warren/core/farewell.hpp"
#include "warren/messaging/bodies.hpp"

namespace warren {
namespace {

constexpr std::string_view kComponent = "bind";

// The exchange is two small messages; a peer that needs longer is not there.
constexpr Duration kExchangeTimeout = std::chrono::seconds(10);
// How often the wall clock is compared with the renewal time; it may jump, as when a laptop wakes up.
constexpr Duration kRenewalCheck = std::chrono::hours(1);
// One exchange a connection, and one at each renewal.
constexpr std::size_t kPeerStreamsMax = 8;
constexpr std::size_t kTotalStreamsMax = 2048;
// Two signatures are verified.
constexpr double kBindingTokens = 2;

// Why a connection stays unbound, for whoever asks: broken streams and peers of other kinds are all the same.
std::error_code failure_of(std::error_code error) {
  for (const Errc code : {Errc::kProtocolNotSupported, Errc::kTimedOut, Errc::kReset, Errc::kClosed,
                          Errc::kEndOfStream, Errc::kLimitReached, Errc::kRateLimited}) {
    if (error == make_error_code(code)) return make_error_code(Errc::kNoBinding);
  }
  return error;
}

// A peer that did not take our key is worth telling from one that went away.
std::error_code why_gone(const Connection& connection) {
  const bool refused = connection.end_reason() == Errc::kHandshakeRefused;
  return refused ? connection.end_reason() : make_error_code(Errc::kClosed);
}

bool is_expired(WallTime not_after, WallTime now) {
  return now > not_after + kBindingClockTolerance;
}

}  // namespace

BindingExchange::BindingExchange(Host& host, const Sm2PrivateKey& key, const MessagingConfig& config,
                                 BindingStore& store, ReceiveRules& rules, TaskGroup& tasks)
    : host_(host),
      key_(key),
      self_(key.public_key()),
      config_(config),
      store_(store),
      rules_(rules),
      tasks_(tasks),
      streams_(kPeerStreamsMax, kTotalStreamsMax) {}

void BindingExchange::start() {
  tasks_.spawn(keep_own_binding());
  host_.handle(std::string(kBindProtocol), [this](ConnectionPtr connection, StreamPtr stream) {
    return take_over(std::move(connection), std::move(stream));
  });
  subscriptions_.push_back(
      host_.events().connected.subscribe([this](const ConnectionPtr& connection) { connected(connection); }));
  subscriptions_.push_back(host_.events().disconnected.subscribe([this](const ConnectionPtr& connection) {
    const RecordPtr record = record_of(connection);
    if (!record) return;
    records_.erase(connection.get());
    record->failure = why_gone(*connection);
    record->changed.notify_all();
  }));
  for (const ConnectionPtr& connection : host_.connections()) connected(connection);
}

void BindingExchange::stop() {
  subscriptions_.clear();
  host_.unhandle(std::string(kBindProtocol));
}

void BindingExchange::connected(const ConnectionPtr& connection) {
  auto& record = records_[connection.get()];
  if (record) return;  // bound() was asked before the event came
  record = std::make_shared<Record>();
  record->connection = connection;
  if (connection->direction() == Direction::kOutbound) tasks_.spawn(offer(connection));
}

BindingExchange::RecordPtr BindingExchange::record_of(const ConnectionPtr& connection) const {
  const auto found = records_.find(connection.get());
  return found == records_.end() ? nullptr : found->second;
}

// --- our own binding ---

Task<void> BindingExchange::keep_own_binding() {
  Clock& clock = host_.env().clock;
  while (true) {
    co_await renew_own_binding();
    for (const auto& [_, record] : records_) {
      // Dialers that wait for the first one are told by own_changed_.
      const ConnectionPtr connection = record->connection.lock();
      if (connection && record->bound) tasks_.spawn(offer(connection));
    }
    own_changed_.notify_all();
    renewed_.emit();
    while (clock.wall_now() < own_renewal_) {
      const Duration left = own_renewal_ - clock.wall_now();
      co_await clock.sleep_for(std::min(left, kRenewalCheck));
    }
  }
}

Task<void> BindingExchange::renew_own_binding() {
  const WallTime now = host_.env().clock.wall_now();
  auto make = [this, now]() -> Result<Bytes> {
    // The wall clock in milliseconds grows by itself; after it was set back, we count.
    const auto stored = store_.find(self_);
    const std::uint64_t after_stored = stored ? stored->serial + 1 : 0;
    const Binding binding{.network = config_.network,
                          .node = self_,
                          .peer_key = host_.key().public_key(),
                          .serial = std::max<std::uint64_t>(unix_ms(now), after_stored),
                          .not_before = now,
                          .not_after = now + config_.limits.binding_lifetime};
    Bytes encoded = SignedBinding::make(binding, key_, host_.key()).encode();
    const StoredBinding own{self_, binding.peer(), binding.serial, binding.not_after, encoded};
    if (const auto put = store_.put(own, now); !put) return fail(put.error());
    return encoded;
  };
  auto made = co_await host_.env().offload.run(std::move(make));
  if (made) {
    own_ = std::move(*made);
    own_renewal_ = now + config_.limits.binding_renewal;
    co_return;
  }
  // An old binding is better than none, and so is trying again soon.
  log::error(kComponent, "cannot store our own binding: " + made.error().message());
  own_renewal_ = now + std::chrono::seconds(10);
}

Task<void> BindingExchange::own_binding_is_ready() {
  while (own_.empty()) co_await own_changed_.wait();
}

// --- the exchange ---

Task<void> BindingExchange::offer(ConnectionPtr connection) {
  co_await own_binding_is_ready();
  const auto outcome =
      co_await as_result(with_timeout(host_.env().clock, kExchangeTimeout, offer_on_stream(connection)));
  const RecordPtr record = record_of(connection);
  if (outcome || !record || record->bound) co_return;
  record->failure = failure_of(outcome.error());
  record->changed.notify_all();
}

Task<void> BindingExchange::offer_on_stream(ConnectionPtr connection) {
  const StreamPtr stream = co_await connection->open_stream(std::string(kBindProtocol));
  co_await write_delimited(*stream, own_);
  co_await stream->close_write();
  const Bytes answer = co_await read_delimited(*stream, kSignedBindingSizeMax + kAckSizeMax);
  BindReply reply = value_or_throw(BindReply::decode(answer));
  if (reply.verdict.status != Status::kOk) {
    log::warning(kComponent, connection->remote_peer().short_text() +
                                 " refuses our binding: " + to_error(reply.verdict.status).message());
  }
  const auto accepted = co_await accept(connection, std::move(reply.binding));
  value_or_throw(accepted);
}

// Conversations run in our own group, so that closing it waits for them.
Task<void> BindingExchange::take_over(ConnectionPtr connection, StreamPtr stream) {
  tasks_.spawn(serve(std::move(connection), std::move(stream)));
  co_return;
}

Task<void> BindingExchange::serve(ConnectionPtr connection, StreamPtr stream) {
  PeerQuota::Lease lease(streams_, connection->remote_peer());
  if (!lease.take(1)) throw_error(Errc::kLimitReached);
  Clock& clock = host_.env().clock;
  Bytes offered =
      co_await with_timeout(clock, kExchangeTimeout, read_delimited(*stream, kSignedBindingSizeMax));
  const auto accepted = co_await accept(connection, std::move(offered));
  if (!accepted) {
    if (const RecordPtr record = record_of(connection); record && !record->bound) {
      record->failure = failure_of(accepted.error());
      record->changed.notify_all();
    }
  }
  co_await with_timeout(clock, kExchangeTimeout, own_binding_is_ready());
  const BindReply reply{.verdict = to_verdict(accepted ? std::error_code() : accepted.error()),
                        .binding = own_};
  const Bytes answer = reply.encode();
  co_await with_timeout(clock, kExchangeTimeout, write_delimited(*stream, answer));
  co_await say_farewell(clock, *stream);
}

Task<Result<>> BindingExchange::accept(ConnectionPtr connection, Bytes signed_binding) {
  const PeerId peer = connection->remote_peer();
  if (!rules_.take_tokens(peer, host_.env().clock.now(), kBindingTokens)) co_return fail(Errc::kRateLimited);
  auto bound = co_await verify_and_store(std::nullopt, peer, std::move(signed_binding));
  if (!bound) {
    log::warning(kComponent,
                 "the binding of " + peer.short_text() + " is refused: " + bound.error().message());
    co_return fail(bound.error());
  }
  const RecordPtr record = record_of(connection);
  if (!record) co_return fail(Errc::kClosed);
  record->bound = std::move(*bound);
  record->failure.clear();
  record->changed.notify_all();
  co_return Result<>{};
}

Task<Result<BindingExchange::Bound>> BindingExchange::verify_and_store(std::optional<NodeId> node,
                                                                       std::optional<PeerId> expected,
                                                                       Bytes signed_binding) {
  const WallTime now = host_.env().clock.wall_now();
  auto work = [this, node, expected, now, encoded = std::move(signed_binding)]() -> Result<Bound> {
    const auto signed_parts = SignedBinding::decode(encoded);
    if (!signed_parts) return fail(signed_parts.error());
    const auto binding = Binding::decode(signed_parts->binding);
    if (!binding) return fail(binding.error());
    if (binding->node == self_) return fail(Errc::kBindingMismatch);  // our own key in other hands
    if (node && binding->node != *node) return fail(Errc::kBindingMismatch);
    const PeerId peer = expected.value_or(binding->peer());
    const auto stored = store_.find(binding->node);
    if (!stored && stored.error() != Errc::kNotFound) return fail(stored.error());
    const BindingCheck check{config_.network, peer, now, stored ? stored->serial : 0};
    if (const auto verified = verify_binding(*signed_parts, *binding, check); !verified) {
      return fail(verified.error());
    }
    const StoredBinding to_store{binding->node, peer, binding->serial, binding->not_after, encoded};
    if (const auto put = store_.put(to_store, now); !put) return fail(put.error());
    return Bound{binding->node, binding->node.public_key(), peer, binding->not_after};
  };
  auto bound = co_await host_.env().offload.run(std::move(work));
  co_return bound;
}

Task<Result<BindingExchange::Bound>> BindingExchange::learn(NodeId node, Bytes signed_binding) {
  return verify_and_store(node, std::nullopt, std::move(signed_binding));
}

// --- who is who ---

Task<void> BindingExchange::decided(RecordPtr record) {
  while (!record->bound && !record->failure) co_await record->changed.wait();
}

Task<BindingExchange::Bound> BindingExchange::bound(ConnectionPtr connection) {
  if (connection->is_open()) connected(connection);
  const RecordPtr record = record_of(connection);
  if (!record) throw_error(Errc::kClosed);
  const auto outcome =
      co_await as_result(with_timeout(host_.env().clock, config_.limits.binding_wait, decided(record)));
  if (!outcome) throw_error(failure_of(outcome.error()));
  if (!record->bound) throw_error(connection->is_open() ? record->failure : why_gone(*connection));
  if (is_expired(record->bound->not_after, host_.env().clock.wall_now())) throw_error(Errc::kStaleBinding);
  co_return *record->bound;
}

std::optional<NodeId> BindingExchange::node_of(const ConnectionPtr& connection) const {
  const RecordPtr record = record_of(connection);
  if (!record || !record->bound) return std::nullopt;
  if (is_expired(record->bound->not_after, host_.env().clock.wall_now())) return std::nullopt;
  return record->bound->node;
}

std::optional<PeerId> BindingExchange::peer_of(const NodeId& node) const {
  for (const auto& [_, record] : records_) {
    if (record->bound && record->bound->node == node) return record->bound->peer;
  }
  return std::nullopt;
}

std::optional<NodeId> BindingExchange::node_of(const PeerId& peer) const {
  for (const auto& [_, record] : records_) {
    if (record->bound && record->bound->peer == peer) return record->bound->node;
  }
  return std::nullopt;
}

Task<std::optional<StoredBinding>> BindingExchange::find_stored(std::function<Result<StoredBinding>()> find) {
  auto found = co_await host_.env().offload.run(std::move(find));
  if (!found || is_expired(found->not_after, host_.env().clock.wall_now())) co_return std::nullopt;
  co_return std::move(*found);
}

Task<std::optional<PeerId>> BindingExchange::find_peer(NodeId node) {
  if (auto live = peer_of(node)) co_return live;
  std::function<Result<StoredBinding>()> find = [this, node] { return store_.find(node); };
  const auto stored = co_await find_stored(std::move(find));
  if (!stored) co_return std::nullopt;
  co_return stored->peer;
}

Task<std::optional<NodeId>> BindingExchange::find_node(PeerId peer) {
  if (auto live = node_of(peer)) co_return live;
  std::function<Result<StoredBinding>()> find = [this, peer] { return store_.find(peer); };
  const auto stored = co_await find_stored(std::move(find));
  if (!stored) co_return std::nullopt;
  co_return stored->node;
}

}  // namespace warren
