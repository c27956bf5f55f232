#include "warren/protocols/relay/service.hpp"

#include <algorithm>

#include "warren/async/as_result.hpp"
#include "warren/base/assert.hpp"
#include "warren/core/address_scope.hpp"
#include "warren/core/circuit.hpp"
#include "warren/core/farewell.hpp"
#include "warren/core/ip_address.hpp"
#include "warren/env/clock.hpp"
#include "warren/protocols/relay/voucher.hpp"

namespace warren::relay {

namespace {

// As SwarmLimits have them.
constexpr std::uint64_t kReservationsMax = 1024;
constexpr std::uint64_t kReservationsPerIpMax = 8;
constexpr std::uint64_t kReservationsPerNetworkMax = 32;
constexpr std::uint64_t kCircuitsMax = 1024;
constexpr std::uint64_t kCircuitsPerPeerMax = 16;

Limit& or_own(Limit* given, Limit& own) {
  return given != nullptr ? *given : own;
}

// What a client is told when its message cannot be read; other failures end the stream without a word.
bool is_bad_message(std::error_code error) {
  return error == Errc::kTooLarge || error == Errc::kMalformed || error == Errc::kNotMinimal;
}

}  // namespace

Service::Service(Host& host, ServiceConfig config, ServiceAccounts accounts)
    : host_(host),
      config_(config),
      own_reservations_("relay_reservations_max", "reservations held here", kReservationsMax),
      own_per_ip_("relay_reservations_per_ip_max", "of one address", kReservationsPerIpMax),
      own_per_network_("relay_reservations_per_network_max", "of one network", kReservationsPerNetworkMax),
      own_circuits_("relay_circuits_max", "circuits", kCircuitsMax),
      own_per_peer_("relay_circuits_per_peer_max", "circuits of one peer", kCircuitsPerPeerMax),
      reservations_(or_own(accounts.reservations, own_reservations_),
                    or_own(accounts.reservations_per_ip, own_per_ip_),
                    or_own(accounts.reservations_per_network, own_per_network_)),
      circuits_(or_own(accounts.circuits, own_circuits_), or_own(accounts.circuits_per_peer, own_per_peer_)) {
}

Service::~Service() {
  WARREN_ASSERT(conversations_.empty());
}

void Service::start() {
  if (offered_) return;
  offered_ = true;
  tasks_.emplace(host_.env().executor, "relay");
  tasks_->spawn(expire_in_time());
  tasks_->spawn(sweep_buffers());
  subscriptions_.push_back(host_.events().disconnected.subscribe(
      [this](const ConnectionPtr& connection) { forget_if_gone(connection->remote_peer()); }));
  host_.handle(ProtocolId(kHopProtocol), [this](ConnectionPtr connection, StreamPtr stream) {
    return serve(std::move(connection), std::move(stream));
  });
}

Task<void> Service::close() {
  if (!offered_) co_return;
  offered_ = false;
  host_.unhandle(ProtocolId(kHopProtocol));
  subscriptions_.clear();
  for (Conversation* talk : conversations_) talk->reset();
  while (!conversations_.empty()) co_await changed_.wait();
  co_await tasks_->close();
  for (const PeerId& peer : reservations_.holders()) drop(peer);
  rates_.clear();
}

bool Service::is_offered() const {
  return offered_;
}

void Service::set_addresses(std::vector<Multiaddr> addresses) {
  addresses_ = std::move(addresses);
}

ServiceCounters Service::counters() const {
  ServiceCounters counters = counters_;
  counters.reservations = reservations_.size();
  counters.circuits = circuits_.size();
  return counters;
}

Task<void> Service::serve(ConnectionPtr connection, StreamPtr stream) {
  if (!offered_) throw_error(Errc::kProtocolNotSupported);  // closed meanwhile
  Conversation talk(*stream, conversations_, changed_);
  Clock& clock = host_.env().clock;
  const auto bytes =
      co_await as_result(with_timeout(clock, kMessageTimeout, read_delimited(*stream, kMessageSizeMax)));
  if (!bytes && !is_bad_message(bytes.error())) throw_error(bytes.error());
  auto request = bytes ? decode_hop(*bytes) : Result<HopMessage>(fail(bytes.error()));
  if (!request) {
    co_await refuse(*stream, Status::kMalformedMessage);
  } else if (request->type == HopMessage::Type::kStatus) {
    co_await refuse(*stream, Status::kUnexpectedMessage);
  } else if (request->type == HopMessage::Type::kConnect) {
    co_await connect(std::move(connection), *stream, std::move(*request), talk);
  } else {
    auto granted = reserve(*connection);
    if (granted) {
      co_await answer(*stream, std::move(*granted));
    } else {
      co_await refuse(*stream, granted.error());
    }
  }
}

Task<void> Service::refuse(ByteStream& stream, Status status) {
  HopMessage message{
      .type = HopMessage::Type::kStatus, .peer = {}, .reservation = {}, .limit = {}, .status = status};
  co_await answer(stream, std::move(message));
}

Task<void> Service::answer(ByteStream& stream, HopMessage message) {
  Clock& clock = host_.env().clock;
  const Bytes encoded = encode(message);
  co_await with_timeout(clock, kMessageTimeout, write_delimited(stream, encoded));
  co_await say_farewell(clock, stream);
}

bool Service::within_rate(const PeerId& peer) {
  const Instant now = host_.env().clock.now();
  return rates_.try_emplace(peer, kRequestsPerSecond, kRequestsBurst, now).first->second.take(now);
}

// --- who is connected, and who holds ---

// The newest: who comes again may have lost the one before, which nothing has told us yet.
ConnectionPtr Service::direct_connection(const PeerId& peer) const {
  ConnectionPtr newest;
  for (ConnectionPtr& connection : host_.connections(peer)) {
    if (!connection->is_open() || is_circuit(connection->remote_address())) continue;
    if (newest == nullptr || connection->opened_at() > newest->opened_at()) newest = std::move(connection);
  }
  return newest;
}

void Service::forget_if_gone(const PeerId& peer) {
  if (host_.connections(peer).empty()) rates_.erase(peer);
  if (direct_connection(peer) == nullptr) drop(peer);
}

void Service::drop(const PeerId& peer) {
  if (reservations_.drop(peer)) host_.unprotect(peer, kReservationTag);
}

void Service::expire(Instant now) {
  for (const PeerId& peer : reservations_.expire(now)) host_.unprotect(peer, kReservationTag);
}

// Renewals come later than what they renew: who sleeps until the first expiry misses none.
Task<void> Service::expire_in_time() {
  Clock& clock = host_.env().clock;
  while (true) {
    while (!reservations_.next_expiry()) co_await changed_.wait();
    co_await clock.sleep_until(*reservations_.next_expiry());
    expire(clock.now());
  }
}

Task<void> Service::sweep_buffers() {
  while (true) {
    while (buffers_.lent() == 0) co_await buffers_.taken().wait();
    co_await host_.env().clock.sleep_for(kSweepInterval);
    for (Conversation* talk : conversations_) talk->sweep();
  }
}

// --- reservations ---

bool Service::is_served_at(const Multiaddr& address) const {
  return config_.private_networks || scope_of(address) == AddressScope::kPublic;
}

std::expected<HopMessage, Status> Service::reserve(const Connection& connection) {
  const PeerId& peer = connection.remote_peer();
  const Multiaddr address = connection.remote_address();
  const Instant now = host_.env().clock.now();
  expire(now);
  const bool renewed = reservations_.holds(peer, now);
  // An address that nobody else can have, such as 10.0.0.1, says nothing about how many they are.
  std::optional<IpAddress> counted;
  if (scope_of(address) == AddressScope::kPublic) counted = ip_address_of(address);

  std::optional<Status> refused;
  if (!connection.is_open()) throw_error(Errc::kClosed);
  if (is_circuit(address) || !is_served_at(address)) {
    refused = Status::kPermissionDenied;
  } else if (!within_rate(peer) || !reservations_.reserve(peer, counted, now + config_.reservation_life)) {
    refused = Status::kReservationRefused;
  } else if (!renewed && !host_.protect(peer, kReservationTag)) {
    reservations_.drop(peer);
    refused = Status::kReservationRefused;
  }
  if (refused) {
    ++counters_.reservations_refused;
    return std::unexpected(*refused);
  }
  if (!renewed) ++counters_.reservations_made;
  changed_.notify_all();
  return HopMessage{.type = HopMessage::Type::kStatus,
                    .peer = {},
                    .reservation = reservation_for(peer),
                    .limit = config_.circuit,
                    .status = Status::kOk};
}

Reservation Service::reservation_for(const PeerId& peer) {
  const auto expires =
      std::chrono::floor<std::chrono::seconds>(host_.env().clock.wall_now() + config_.reservation_life);
  const Voucher voucher{.relay = host_.peer_id(),
                        .peer = peer,
                        .expires = static_cast<std::uint64_t>(expires.time_since_epoch().count())};
  Reservation reservation{.expires = voucher.expires, .addresses = {}, .voucher = voucher.seal(host_.key())};
  for (const Multiaddr& address : addresses_.empty() ? host_.addresses() : addresses_) {
    const bool is_told = !addresses_.empty() || is_served_at(address);
    if (!is_told || is_circuit(address)) continue;
    reservation.addresses.push_back(address.with(Protocol::kP2p, host_.peer_id().bytes()));
  }
  return reservation;
}

}  // namespace warren::relay
