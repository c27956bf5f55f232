#include "warren/swarm/swarm.hpp"

#include <ranges>

#include "warren/async/cancellation.hpp"
#include "warren/core/ip_address.hpp"

namespace warren {

namespace {

// How often a swarm that is above its high mark looks for connections to close.
constexpr Duration kTrimInterval = 5s;

}  // namespace

Swarm::Swarm(Env& env, SwarmState& state, Upgrader& upgrader, Transports transports, Peerstore& peerstore,
             StreamHandler serve)
    : env_(env),
      state_(state),
      transports_(std::move(transports)),
      gate_(state),
      streams_(state.table),
      dialer_(env, state, gate_, upgrader, transports_, peerstore),
      inbound_(env, state, gate_, upgrader, [this](UpgradedConnection u) { adopt_inbound(std::move(u)); }),
      serve_(std::move(serve)),
      dialing_(env.executor, "swarm.dial"),
      trimming_(env.executor, "swarm.trim"),
      running_(env.executor, "swarm.connection") {}

Result<Multiaddr> Swarm::listen(const Multiaddr& address) {
  if (Transport* pipes = transports_.pipe_for(address)) return serve_listener(pipes->listen(address));
  MuxedTransport* const muxed = transports_.muxed_for(address);
  if (muxed == nullptr) return fail(Errc::kNoTransport);
  return serve_listener(muxed->listen(
      address, {.greet = [this](const Multiaddr& from) { return inbound_.greet(from).has_value(); },
                .turned_away = [this](const Multiaddr& from,
                                      std::error_code why) { inbound_.note_failure(from, why); }}));
}

template <class T>
Result<Multiaddr> Swarm::serve_listener(Result<std::unique_ptr<T>> listener) {
  if (!listener) return fail(listener.error());
  const std::shared_ptr<T> shared = std::move(*listener);
  listeners_.push_back(shared);
  inbound_.serve(shared);
  return shared->address();
}

std::vector<Multiaddr> Swarm::listen_addresses() const {
  std::vector<Multiaddr> addresses;
  for (const auto& listener : listeners_) addresses.push_back(listener->address());
  return addresses;
}

Task<ConnectionPtr> Swarm::connect(PeerInfo peer, PathPolicy /*policy*/) {
  const PeerId id = peer.id;
  auto open = connections(id);
  if (!open.empty()) co_return open.front();
  if (dialing_.closed()) throw_error(Errc::kClosed);
  if (const auto may = gate_.check_dial(id); !may)
    throw_error(may.error().reason, std::string(may.error().knob));

  std::shared_ptr<Dial>& pending = dials_[id];
  if (!pending) {
    pending = std::make_shared<Dial>();
    dialing_.spawn(dial(std::move(peer), pending));
  }
  const std::shared_ptr<Dial> mine = pending;
  while (!mine->done) co_await mine->ended.wait();
  open = connections(id);
  if (!open.empty()) co_return open.front();  // ours, or one that the peer dialed meanwhile
  // A peer that does not like us may hang up when the handshake has ended for us, but not yet for it.
  const std::error_code reason = mine->connection ? mine->connection->end_reason() : mine->error.code;
  throw_error(reason ? reason : Errc::kClosed, mine->error.attempts);
}

Task<void> Swarm::dial(PeerInfo peer, std::shared_ptr<Dial> dial) {
  const PeerId id = peer.id;
  DialError error;
  auto upgraded = co_await dialer_.dial(std::move(peer), listen_addresses());
  if (upgraded) {
    const auto adopted = adopt(std::move(*upgraded));
    if (adopted) dial->connection = *adopted;
    if (!adopted) error = {adopted.error().reason, std::string(adopted.error().knob)};
  } else {
    error = std::move(upgraded.error());
  }
  if (error.code) ++state_.counters.dials_failed;
  dials_.erase(id);
  finish(*dial, std::move(error));
}

void Swarm::finish(Dial& dial, DialError error) {
  dial.error = std::move(error);
  dial.done = true;
  dial.ended.notify_all();
}

std::expected<std::shared_ptr<SwarmConnection>, Refusal> Swarm::adopt(UpgradedConnection upgraded) {
  if (running_.closed()) return std::unexpected(Refusal{Errc::kClosed, {}});
  const Direction direction = upgraded.direction;
  auto place = gate_.admit(direction, upgraded.remote_peer, upgraded.remote);
  if (!place) return std::unexpected(place.error());
  SwarmCounters& counters = state_.counters;
  ++(direction == Direction::kInbound ? counters.opened_inbound : counters.opened_outbound);
  auto connection = std::make_shared<SwarmConnection>(env_, state_, streams_, std::move(upgraded), serve_);
  connections_.push_back(connection);
  running_.spawn(run(connection, std::move(*place)));
  trim();
  return connection;
}

void Swarm::adopt_inbound(UpgradedConnection upgraded) {
  PeerId peer = upgraded.remote_peer;
  Multiaddr from = upgraded.remote;
  const auto adopted = adopt(std::move(upgraded));
  if (!adopted) state_.tell(adopted.error(), std::move(peer), std::move(from));
}

Task<void> Swarm::run(std::shared_ptr<SwarmConnection> connection, Admission::Place /*place*/) {
  co_await finally(serve(connection), forget(connection));
}

Task<void> Swarm::serve(std::shared_ptr<SwarmConnection> connection) {
  state_.events.connected.emit(connection);
  co_await connection->run(connection);
}

Task<void> Swarm::forget(std::shared_ptr<SwarmConnection> connection) {
  std::erase(connections_, connection);
  ++state_.counters.closed;
  note_count();
  state_.events.disconnected.emit(connection);
  co_return;
}

void Swarm::enforce_access() {
  for (const auto& connection : connections_) {
    const Access access = gate_.access_of(connection->remote_peer(), connection->remote_address());
    if (access == Access::kDenied) connection->close_because(Errc::kDenied);
  }
}

std::vector<PeerInfo> Swarm::network_changed() {
  dialer_.network_changed();
  for (MuxedTransport* transport : transports_.muxed) transport->network_changed();
  const auto own = env_.network.interface_addresses();
  std::vector<PeerInfo> lost;
  for (const auto& connection : connections_) {
    // A socket that is bound to no address takes another by itself, and QUIC goes on from there.
    const auto local = ip_address_of(connection->local_address());
    const bool gone = local && !local->is_unspecified() && std::ranges::find(own, *local) == own.end();
    if (!gone || !connection->is_open()) continue;
    connection->close_because(Errc::kUnreachable);
    if (connection->direction() == Direction::kInbound)
      lost.push_back({connection->remote_peer(), {connection->remote_address()}});
  }
  return lost;
}

void Swarm::note_count() {
  state_.table[&SwarmLimits::connections_high].set_used(connections_.size());
  state_.table[&SwarmLimits::connections_low].set_used(connections_.size());
}

void Swarm::trim() {
  note_count();
  if (connections_.size() <= state_.limits.connections_high) return;
  std::vector<std::shared_ptr<SwarmConnection>> open;
  std::vector<ConnectionUse> uses;
  for (const auto& connection : connections_) {
    if (!connection->is_open()) continue;
    open.push_back(connection);
    uses.push_back(connection->use());
    uses.back().allowed =
        gate_.access_of(connection->remote_peer(), connection->remote_address()) == Access::kAllowed;
  }
  for (const std::size_t victim : state_.manager.to_close(uses, env_.clock.now())) {
    state_.table[&SwarmLimits::connections_high].refuse();
    open[victim]->close_because(Errc::kLimitReached);
  }
  if (trimming_.size() == 0) trimming_.spawn(keep_trimming());
}

// Those in their grace period leave it, and protected ones lose their protection.
Task<void> Swarm::keep_trimming() {
  while (connections_.size() > state_.limits.connections_high) {
    co_await env_.clock.sleep_for(kTrimInterval);
    trim();
  }
}

std::vector<ConnectionPtr> Swarm::connections(const PeerId& peer) const {
  std::vector<ConnectionPtr> open;
  for (const auto& connection : connections_ | std::views::reverse) {
    if (connection->is_open() && connection->remote_peer() == peer) open.push_back(connection);
  }
  return open;
}

std::vector<ConnectionPtr> Swarm::connections() const {
  std::vector<ConnectionPtr> open;
  for (const auto& connection : connections_) {
    if (connection->is_open()) open.push_back(connection);
  }
  return open;
}

Task<void> Swarm::close() {
  for (const auto& listener : listeners_) listener->close();
  co_await inbound_.close();
  co_await dialing_.close();
  co_await trimming_.close();
  for (const auto& [id, dial] : std::exchange(dials_, {})) finish(*dial, {Errc::kClosed, {}});
  for (const auto& connection : connections_) connection->close();
  co_await running_.close();
  listeners_.clear();
  for (MuxedTransport* transport : transports_.muxed) co_await transport->close();
}

}  // namespace warren
