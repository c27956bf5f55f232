#include "warren/swarm/swarm.hpp"

#include <algorithm>

#include "warren/async/cancellation.hpp"
#include "warren/async/store_value.hpp"
#include "warren/core/ip_address.hpp"
#include "warren/swarm/circuit_path.hpp"

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
      puncher_({.env = env,
                .state = state,
                .gate = gate_,
                .upgrader = upgrader,
                .transports = transports_,
                .peerstore = peerstore,
                .adopt = [this](UpgradedConnection upgraded) -> std::expected<void, Refusal> {
                  const auto adopted = adopt(std::move(upgraded));
                  if (!adopted) return std::unexpected(adopted.error());
                  return {};
                },
                .direct_connection = [this](const PeerId& peer) { return direct_connection(peer); },
                .punched = [this](const PeerId& peer) { twins_.keep_one(peer); }},
               punches_),
      inbound_(env, state, gate_, upgrader, punches_,
               [this](UpgradedConnection u) { adopt_inbound(std::move(u)); }),
      serve_(std::move(serve)),
      paths_(env.clock, state, connections_),
      twins_(env, state, paths_),
      interfaces_(env.network.interface_addresses()),
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

Task<ConnectionPtr> Swarm::connect(PeerInfo peer, PathPolicy policy) {
  const PeerId id = peer.id;
  auto best = paths_.best(id);
  if (is_good_for(best.get(), policy)) co_return best;
  if (const auto may = may_dial(id); !may) {
    if (const ConnectionPtr open = fallback_for(id, policy)) co_return open;
    throw_error(may.error().reason, std::string(may.error().knob));
  }
  DialScope scope = DialScope::kAll;
  if (policy == PathPolicy::kDirectOnly) scope = DialScope::kDirect;
  const bool can_wait = best && !best->health().is_suspect;
  if (policy == PathPolicy::kPreferDirect && can_wait) scope = DialScope::kBetterPath;
  const std::shared_ptr<Dial> mine = dial_of(peer, scope);
  while (!mine->done) {
    co_await mine->changed.wait();
    // The peer may have dialed meanwhile, or answered a heartbeat: ours may take until its time is over.
    best = paths_.best(id);
    if (!mine->done && is_good_for(best.get(), policy)) co_return best;
  }
  if (const ConnectionPtr direct = direct_connection(id)) co_return direct;
  if (scope == DialScope::kBetterPath) co_return co_await connect(std::move(peer), PathPolicy::kAny);
  if (const ConnectionPtr open = fallback_for(id, policy)) co_return open;
  // A peer that does not like us may hang up when the handshake has ended for us, but not yet for it.
  std::error_code reason = mine->connection ? mine->connection->end_reason() : mine->error.code;
  if (paths_.best(id) && reason == Errc::kNoAddresses) reason = Errc::kNoDirectPath;
  throw_error(reason ? reason : Errc::kClosed, mine->error.attempts);
}

std::expected<void, Refusal> Swarm::may_dial(const PeerId& peer) {
  if (dialing_.closed()) return std::unexpected(Refusal{Errc::kClosed, {}});
  return gate_.check_dial(peer);
}

// The dial under way, or a new one.
std::shared_ptr<Swarm::Dial> Swarm::dial_of(PeerInfo peer, DialScope scope) {
  std::shared_ptr<Dial>& pending = dials_[{peer.id, scope}];
  if (!pending) {
    pending = std::make_shared<Dial>();
    dialing_.spawn(dial(std::move(peer), scope, pending));
  }
  return pending;
}

Task<void> Swarm::dial(PeerInfo peer, DialScope scope, std::shared_ptr<Dial> dial) {
  const PeerId id = peer.id;
  DialError error;
  std::optional<std::expected<UpgradedConnection, DialError>> upgraded;
  while (!upgraded) {
    dial->outdated = false;
    auto attempt = dialer_.dial(peer, listen_addresses(), scope);
    co_await race(store_value(std::move(attempt), upgraded), wait_outdated(dial));
  }
  if (*upgraded) {
    const auto adopted = adopt(std::move(**upgraded));
    if (adopted) dial->connection = *adopted;
    if (!adopted) error = {adopted.error().reason, std::string(adopted.error().knob), {}};
  } else {
    error = std::move(upgraded->error());
  }
  if (error.code) ++state_.counters.dials_failed;
  dials_.erase({id, scope});
  finish(*dial, std::move(error));
}

Task<void> Swarm::wait_outdated(std::shared_ptr<Dial> dial) {
  while (!dial->outdated) co_await dial->changed.wait();
}

void Swarm::finish(Dial& dial, DialError error) {
  dial.error = std::move(error);
  dial.done = true;
  dial.changed.notify_all();
}

std::expected<std::shared_ptr<SwarmConnection>, Refusal> Swarm::adopt(UpgradedConnection upgraded) {
  if (running_.closed()) return std::unexpected(Refusal{Errc::kClosed, {}});
  const Direction direction = upgraded.direction;
  auto place = gate_.admit(direction, upgraded.remote_peer, upgraded.remote);
  if (!place) return std::unexpected(place.error());
  SwarmCounters& counters = state_.counters;
  ++(direction == Direction::kInbound ? counters.opened_inbound : counters.opened_outbound);
  auto connection = std::make_shared<SwarmConnection>(env_, state_, streams_, std::move(upgraded), serve_,
                                                      [this](const PeerId& peer) { path_changed(peer); });
  connections_.push_back(connection);
  running_.spawn(run(connection, std::move(*place)));
  wake_dials(connection->remote_peer());
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
  paths_.update(connection->remote_peer());
  co_await connection->run(connection);
}

Task<void> Swarm::forget(std::shared_ptr<SwarmConnection> connection) {
  std::erase(connections_, connection);
  ++state_.counters.closed;
  note_count();
  state_.events.disconnected.emit(connection);
  paths_.update(connection->remote_peer());
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
  if (std::exchange(interfaces_, own) != own) {
    // What was sent from an address that is gone is not answered.
    for (const auto& [whom, dial] : dials_) {
      dial->outdated = true;
      dial->changed.notify_all();
    }
  }
  std::vector<PeerInfo> lost;
  for (const auto& connection : connections_) {
    // A socket that is bound to no address takes another by itself, and QUIC goes on from there.
    const auto local = ip_address_of(connection->local_address());
    // A circuit ends with the connection to its relay, and nobody who came through it knew our address.
    const bool gone = !connection->is_relayed() && local && !local->is_unspecified() &&
                      std::ranges::find(own, *local) == own.end();
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

Task<void> Swarm::close() {
  for (const auto& listener : listeners_) listener->close();
  co_await inbound_.close();
  co_await dialing_.close();
  co_await puncher_.close();
  co_await twins_.close();
  co_await trimming_.close();
  for (const auto& [id, dial] : std::exchange(dials_, {})) finish(*dial, {Errc::kClosed, {}});
  for (const auto& connection : connections_) connection->close();
  co_await running_.close();
  listeners_.clear();
  for (MuxedTransport* transport : transports_.muxed) co_await transport->close();
}

}  // namespace warren
