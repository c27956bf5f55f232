#include "warren/protocols/identify/identify.hpp"

#include "warren/base/log.hpp"
#include "warren/core/spoken_protocol.hpp"
#include "warren/env/clock.hpp"
#include "warren/protocols/identify/exchange.hpp"

namespace warren::identify {

namespace {

Limits limits_of(const Accounts& accounts) {
  Limits limits;
  if (accounts.protocols != nullptr) limits.protocols_max = accounts.protocols->max();
  if (accounts.addresses != nullptr) limits.addresses_max = accounts.addresses->max();
  return limits;
}

void enter(Limit* account, std::size_t kept, std::size_t cut) {
  if (account == nullptr) return;
  account->set_used(std::max<std::uint64_t>(account->used(), kept));
  for (std::size_t i = 0; i < cut; ++i) account->refuse();
}

}  // namespace

Identify::Identify(Host& host, std::string agent_version, Accounts accounts)
    : host_(host),
      agent_version_(std::move(agent_version)),
      accounts_(accounts),
      limits_(limits_of(accounts)),
      tasks_(host.env().executor, "identify") {}

void Identify::start() {
  host_.handle(ProtocolId(kProtocol), [this](ConnectionPtr connection, StreamPtr stream) {
    return tell(std::move(connection), std::move(stream));
  });
  host_.handle(ProtocolId(kPushProtocol), [this](ConnectionPtr connection, StreamPtr stream) {
    return take_push(std::move(connection), std::move(stream));
  });
  auto& events = host_.events();
  subscriptions_.push_back(
      events.connected.subscribe([this](const ConnectionPtr& c) { tasks_.spawn(ask(c)); }));
  subscriptions_.push_back(events.disconnected.subscribe([this](const ConnectionPtr& connection) {
    if (host_.connections(connection->remote_peer()).empty()) budgets_.erase(connection->remote_peer());
  }));
  subscriptions_.push_back(events.protocols_changed.subscribe([this] { schedule_push(); }));
  subscriptions_.push_back(events.addresses_changed.subscribe([this] { schedule_push(); }));
}

Task<void> Identify::close() {
  subscriptions_.clear();
  host_.unhandle(ProtocolId(kProtocol));
  host_.unhandle(ProtocolId(kPushProtocol));
  co_await tasks_.close();
}

Message Identify::describe_us(const Connection& connection) const {
  Message message;
  message.public_key = host_.key().public_key().to_protobuf();
  message.protocols = host_.protocols();
  message.listen_addresses = shown_to(connection, host_.addresses());
  // Through a relay we see the relay.
  if (!is_circuit(connection.remote_address())) message.observed_address = connection.remote_address();
  message.protocol_version = kProtocolVersion;
  message.agent_version = agent_version_;
  const PeerRecord record{.peer_id = host_.peer_id(),
                          .seq = static_cast<std::uint64_t>(unix_ms(host_.env().clock.wall_now())),
                          .addresses = message.listen_addresses};
  message.signed_peer_record = record.seal(host_.key());
  return message;
}

Task<void> Identify::ask(ConnectionPtr connection) {
  StreamPtr stream = co_await connection->open_stream(ProtocolId(kProtocol));
  co_await with_timeout(host_.env().clock, kExchangeTimeout, read_and_learn(connection, std::move(stream)));
  identified_.emit(connection);
}

Task<void> Identify::tell(ConnectionPtr connection, StreamPtr stream) {
  const Message message = describe_us(*connection);
  co_await with_timeout(host_.env().clock, kExchangeTimeout,
                        send(host_.env().clock, std::move(stream), message));
}

void Identify::schedule_push() {
  if (push_scheduled_) return;
  push_scheduled_ = true;
  tasks_.spawn(push_all());
}

Task<void> Identify::push_all() {
  co_await host_.env().clock.sleep_for(kPushDelay);
  push_scheduled_ = false;
  for (const ConnectionPtr& connection : host_.connections()) tasks_.spawn(push(connection));
}

Task<void> Identify::push(ConnectionPtr connection) {
  // Who has not said anything yet will ask us, or has no wish to know.
  if (!speaks(host_.peerstore(), connection->remote_peer(), kPushProtocol).value_or(false)) co_return;
  StreamPtr stream = co_await connection->open_stream(ProtocolId(kPushProtocol));
  const Message message = describe_us(*connection);
  co_await with_timeout(host_.env().clock, kExchangeTimeout,
                        send(host_.env().clock, std::move(stream), message));
}

bool Identify::may_push(const PeerId& peer) {
  const Instant now = host_.env().clock.now();
  PushBudget& budget = budgets_.try_emplace(peer, kPushBurst, now).first->second;
  const auto refills = static_cast<std::size_t>((now - budget.refilled) / kPushInterval);
  if (refills > 0) {
    budget.left = std::min(kPushBurst, budget.left + refills);
    budget.refilled += refills * kPushInterval;
  }
  if (budget.left == 0) return false;
  --budget.left;
  return true;
}

Task<void> Identify::take_push(ConnectionPtr connection, StreamPtr stream) {
  if (!may_push(connection->remote_peer())) throw_error(Errc::kRateLimited, "identify push");
  co_await with_timeout(host_.env().clock, kExchangeTimeout, read_and_learn(connection, std::move(stream)));
}

Task<void> Identify::read_and_learn(ConnectionPtr connection, StreamPtr stream) {
  const Message message = co_await receive(*stream, limits_);
  enter(accounts_.protocols, message.protocols.size(), message.protocols_cut);
  enter(accounts_.addresses, message.listen_addresses.size(), message.addresses_cut);
  learn(connection, message);
  told_.emit(connection);
  co_await stream->close_write();
}

void Identify::learn(const ConnectionPtr& connection, const Message& message) {
  const PeerId& peer = connection->remote_peer();
  if (message.public_key && !equal(*message.public_key, connection->remote_key().to_protobuf())) {
    throw_error(Errc::kPeerIdMismatch, "identify");
  }
  learn_addresses(peer, message);
  PeerDescription description = host_.peerstore().description(peer).value_or(PeerDescription{});
  if (!message.protocols.empty()) description.protocols = message.protocols;  // a push may bring a part only
  if (message.agent_version) description.agent_version = *message.agent_version;
  if (message.protocol_version) description.protocol_version = *message.protocol_version;
  host_.peerstore().set_description(peer, std::move(description));
  if (message.observed_address && !is_circuit(connection->remote_address()))
    observed_.emit(connection, *message.observed_address);
}

std::vector<Multiaddr> Identify::within_limit(std::vector<Multiaddr> addresses) const {
  const std::size_t kept = std::min(addresses.size(), limits_.addresses_max);
  enter(accounts_.addresses, kept, addresses.size() - kept);
  addresses.resize(kept);
  return addresses;
}

void Identify::learn_addresses(const PeerId& peer, const Message& message) {
  const Instant expires = host_.env().clock.now() + kAddressLife;
  if (message.signed_peer_record) {
    auto record = PeerRecord::open(*message.signed_peer_record);
    if (record && record->peer_id == peer) {
      record->addresses = within_limit(std::move(record->addresses));
      host_.peerstore().add_peer_record(*record, expires);
      recorded_.emit(peer, *message.signed_peer_record);
      return;  // signed addresses make the unsigned list superfluous
    }
    log::debug("identify", "ignored a peer record of " + peer.short_text());
  }
  host_.peerstore().add_addresses(peer, message.listen_addresses, AddressSource::kIdentify, expires);
}

}  // namespace warren::identify
