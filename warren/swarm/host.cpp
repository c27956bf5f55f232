#include "warren/swarm/host.hpp"

#include "warren/async/as_result.hpp"
#include "warren/base/log.hpp"
#include "warren/negotiation/multistream.hpp"
#include "warren/swarm/circuit_path.hpp"
#include "warren/swarm/interface_addresses.hpp"

namespace warren {

namespace {

// How long addresses that somebody gave us, or that led to a connection, are worth trying again.
constexpr Duration kGivenAddressLife = 1h;
constexpr Duration kConnectedAddressLife = 24h;
// Of one that leads through a relay: as long as a reservation.
constexpr Duration kCircuitAddressLife = 1h;
// Peers that are dialed after our own address has changed; the others find us by themselves.
constexpr std::size_t kDialBackMax = 64;

}  // namespace

SwarmHost::SwarmHost(Env& env, const PrivateKey& key, SwarmLimits limits, Upgrader& upgrader,
                     Transports transports, Peerstore& peerstore)
    : env_(env),
      key_(key),
      peer_id_(PeerId::from_public_key(key.public_key())),
      peerstore_(peerstore),
      state_(limits),
      swarm_(env, state_, upgrader, std::move(transports), peerstore,
             [this](ConnectionPtr connection, StreamPtr stream) {
               return serve(std::move(connection), std::move(stream));
             }),
      dialing_back_(env.executor, "host.dial_back") {
  state_.self = peer_id_;
  subscriptions_.push_back(
      state_.events.connected.subscribe([this](const ConnectionPtr& c) { note_connected(*c); }));
  subscriptions_.push_back(
      state_.events.disconnected.subscribe([this](const ConnectionPtr& c) { note_round_trip(*c); }));
}

void SwarmHost::note_connected(const Connection& connection) {
  peerstore_.set_key(connection.remote_key());
  if (connection.direction() == Direction::kOutbound) {
    note_address(connection);
    peerstore_.note_dial(connection.remote_peer(), connection.remote_address(), true, env_.clock.now());
  }
  note_round_trip(connection);
}

void SwarmHost::note_address(const Connection& connection) {
  const Multiaddr address = connection.remote_address();
  const Duration life = is_circuit(address) ? kCircuitAddressLife : kConnectedAddressLife;
  peerstore_.add_addresses(connection.remote_peer(), {address}, AddressSource::kConnected,
                           env_.clock.now() + life);
}

// Known after the handshake over QUIC, later over TCP. A detour over a relay says little of the peer.
void SwarmHost::note_round_trip(const Connection& connection) {
  if (is_relayed(connection)) return;
  if (const Duration measured = connection.round_trip_time(); measured > Duration::zero())
    peerstore_.note_latency(connection.remote_peer(), measured);
}

Result<Multiaddr> SwarmHost::listen(const Multiaddr& address) {
  Result<Multiaddr> bound = swarm_.listen(address);
  if (bound) state_.events.addresses_changed.emit();
  return bound;
}

void SwarmHost::announce(const std::string& source, std::vector<Multiaddr> addresses) {
  if (announced_.set(source, std::move(addresses))) state_.events.addresses_changed.emit();
}

Task<void> SwarmHost::close() {
  co_await dialing_back_.close();
  co_await swarm_.close();
}

std::vector<LimitUse> SwarmHost::limits() {
  swarm_.update_limits();
  return state_.table.use();
}

void SwarmHost::network_changed() {
  for (PeerInfo& lost : swarm_.network_changed()) {
    if (dialing_back_.size() < kDialBackMax) dialing_back_.spawn(dial_back(std::move(lost)));
  }
  state_.events.network_changed.emit();
  state_.events.addresses_changed.emit();
}

Task<void> SwarmHost::dial_back(PeerInfo peer) {
  const auto connected = co_await as_result(connect(std::move(peer)));
  if (!connected) log::debug("host", "not reached from the new address: " + connected.error().message());
}

std::vector<Multiaddr> SwarmHost::addresses() const {
  // Where circuits are awaited is no address of ours: those through our relays are announced.
  std::vector<Multiaddr> listening = swarm_.listen_addresses();
  std::erase_if(listening, is_circuit);
  auto addresses = concrete_addresses(listening, env_.network.interface_addresses());
  for (Multiaddr& further : announced_.list()) {
    if (std::ranges::find(addresses, further) == addresses.end()) addresses.push_back(std::move(further));
  }
  return addresses;
}

void SwarmHost::handle(ProtocolId protocol, StreamHandler handler) {
  handlers_[std::move(protocol)] = std::move(handler);
  state_.events.protocols_changed.emit();
}

void SwarmHost::unhandle(const ProtocolId& protocol) {
  if (handlers_.erase(protocol) > 0) state_.events.protocols_changed.emit();
}

std::vector<ProtocolId> SwarmHost::protocols() const {
  std::vector<ProtocolId> protocols;
  for (const auto& [protocol, handler] : handlers_) protocols.push_back(protocol);
  return protocols;
}

Task<ConnectionPtr> SwarmHost::connect_over(PathPolicy policy, PeerInfo peer) {
  if (peer.id == peer_id_) throw_error(Errc::kSelfDial);
  const Instant now = env_.clock.now();
  peerstore_.add_addresses(peer.id, peer.addresses, AddressSource::kReported, now + kGivenAddressLife);
  // What the caller names comes first: it may know better than an old entry.
  for (const Multiaddr& known : peerstore_.addresses(peer.id, now)) {
    if (std::ranges::find(peer.addresses, known) == peer.addresses.end()) peer.addresses.push_back(known);
  }
  ConnectionPtr connection = co_await swarm_.connect(std::move(peer), policy);
  if (connection->direction() == Direction::kOutbound) note_address(*connection);
  co_return connection;
}

Task<void> SwarmHost::serve(ConnectionPtr connection, StreamPtr stream) {
  std::function<bool(const ProtocolId&)> supports = [this](const ProtocolId& id) {
    return handlers_.contains(id);
  };
  const ProtocolId protocol = co_await with_timeout(env_.clock, state_.limits.negotiation_timeout,
                                                    multistream::respond(*stream, std::move(supports)));
  const auto found = handlers_.find(protocol);
  if (found == handlers_.end()) throw_error(Errc::kProtocolNotSupported);  // unhandled meanwhile
  const auto place = swarm_.streams().serve(connection->remote_peer(), protocol);
  if (!place) {
    state_.tell({Errc::kLimitReached, place.error()}, connection->remote_peer(),
                connection->remote_address());
    throw_error(Errc::kLimitReached, std::string(place.error()));
  }
  const StreamHandler handler = found->second;
  co_await handler(std::move(connection), std::move(stream));
}

}  // namespace warren
