#include "warren/swarm/swarm.hpp"

#include "warren/async/as_result.hpp"
#include "warren/async/cancellation.hpp"
#include "warren/base/log.hpp"
#include "warren/core/ip_address.hpp"

namespace warren {

Swarm::Swarm(Env& env, SwarmState& state, Upgrader& upgrader, std::vector<Transport*> transports,
             Peerstore& peerstore, StreamHandler serve)
    : env_(env),
      state_(state),
      upgrader_(upgrader),
      transports_(std::move(transports)),
      dialer_(env, state, upgrader, transports_, peerstore),
      serve_(std::move(serve)),
      accepting_(env.executor, "swarm.accept"),
      upgrading_(env.executor, "swarm.upgrade"),
      dialing_(env.executor, "swarm.dial"),
      running_(env.executor, "swarm.connection") {}

Result<Multiaddr> Swarm::listen(const Multiaddr& address) {
  const auto transport = std::ranges::find_if(transports_, [&](Transport* t) { return t->handles(address); });
  if (transport == transports_.end()) return fail(Errc::kNoTransport);
  auto listener = (*transport)->listen(address);
  if (!listener) return fail(listener.error());
  listeners_.push_back(std::move(*listener));
  accepting_.spawn(accept(listeners_.back()));
  return listeners_.back()->address();
}

std::vector<Multiaddr> Swarm::listen_addresses() const {
  std::vector<Multiaddr> addresses;
  for (const auto& listener : listeners_) addresses.push_back(listener->address());
  return addresses;
}

Task<void> Swarm::accept(std::shared_ptr<TransportListener> listener) {
  while (true) {
    RawConnection raw = co_await listener->accept();
    if (upgrading_.size() >= state_.limits.half_open_max ||
        connections_.size() >= state_.limits.connections_max) {
      log::debug("swarm", "inbound connection refused: a limit is reached");
      continue;  // dropped, so closed
    }
    upgrading_.spawn(upgrade_inbound(std::move(raw)));
  }
}

Task<void> Swarm::upgrade_inbound(RawConnection raw) {
  auto upgraded = co_await with_timeout(env_.clock, state_.limits.handshake_timeout,
                                        upgrader_.upgrade_inbound(std::move(raw)));
  adopt(std::move(upgraded));
}

Task<ConnectionPtr> Swarm::connect(PeerInfo peer) {
  const PeerId id = peer.id;
  auto open = connections(id);
  if (!open.empty()) co_return open.front();
  if (dialing_.closed()) throw_error(Errc::kClosed);

  std::shared_ptr<Dial>& pending = dials_[id];
  if (!pending) {
    pending = std::make_shared<Dial>();
    dialing_.spawn(dial(std::move(peer), pending));
  }
  const std::shared_ptr<Dial> mine = pending;
  while (!mine->done) co_await mine->ended.wait();
  if (mine->error.code) throw_error(mine->error.code, mine->error.attempts);
  open = connections(id);
  if (open.empty()) throw_error(Errc::kClosed);  // it ended within the same turn
  co_return open.front();
}

Task<void> Swarm::dial(PeerInfo peer, std::shared_ptr<Dial> dial) {
  const PeerId id = peer.id;
  DialError error;
  auto upgraded = co_await dialer_.dial(std::move(peer));
  if (upgraded) {
    const auto adopted = adopt(std::move(*upgraded));
    if (!adopted) error.code = adopted.error();
  } else {
    error = std::move(upgraded.error());
  }
  dials_.erase(id);
  finish(*dial, std::move(error));
}

void Swarm::finish(Dial& dial, DialError error) {
  dial.error = std::move(error);
  dial.done = true;
  dial.ended.notify_all();
}

bool Swarm::has_room_for(const PeerId& peer) const {
  return connections_.size() < state_.limits.connections_max &&
         connections(peer).size() < state_.limits.connections_per_peer_max;
}

Result<ConnectionPtr> Swarm::adopt(UpgradedConnection upgraded) {
  if (running_.closed()) return fail(Errc::kClosed);
  if (!has_room_for(upgraded.remote_peer)) return fail(Errc::kLimitReached);
  auto connection = std::make_shared<SwarmConnection>(env_, state_.limits, std::move(upgraded), serve_);
  connections_.push_back(connection);
  running_.spawn(run(connection));
  return connection;
}

Task<void> Swarm::run(std::shared_ptr<SwarmConnection> connection) {
  co_await finally(serve(connection), forget(connection));
}

Task<void> Swarm::serve(std::shared_ptr<SwarmConnection> connection) {
  state_.events.connected.emit(connection);
  co_await connection->run(connection);
}

Task<void> Swarm::forget(std::shared_ptr<SwarmConnection> connection) {
  std::erase(connections_, connection);
  state_.events.disconnected.emit(connection);
  co_return;
}

void Swarm::enforce_access() {
  for (const auto& connection : connections_) {
    const PeerId& peer = connection->remote_peer();
    const auto node = state_.node_of ? state_.node_of(peer) : std::nullopt;
    const Access access = state_.access.of(peer, node, ip_address_of(connection->remote_address()));
    if (access == Access::kDenied) connection->close();
  }
}

std::vector<ConnectionPtr> Swarm::connections(const PeerId& peer) const {
  std::vector<ConnectionPtr> open;
  for (const auto& connection : connections_) {
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
  co_await accepting_.close();
  co_await upgrading_.close();
  co_await dialing_.close();
  for (const auto& [id, dial] : std::exchange(dials_, {})) finish(*dial, {Errc::kClosed, {}});
  for (const auto& connection : connections_) connection->close();
  co_await running_.close();
  listeners_.clear();
}

}  // namespace warren
