#include "warren/sim/tcp_network.hpp"

#include <algorithm>

#include "warren/base/assert.hpp"
#include "warren/sim/machine.hpp"
#include "warren/sim/tcp_socket.hpp"
#include "warren/sim/world.hpp"

namespace warren::sim {

namespace {

using PacketKind = Packet::Kind;

// Linux gives up after six SYNs, which takes 127 s.
constexpr Duration kConnectTimeout = std::chrono::seconds(127);
constexpr Duration kFirstRetry = 1s;  // RFC 6298, section 2.1

// Lives in the frame of a coroutine that dials.
struct DialLimit {
  DialLimit(Loop& loop, Connection& connection) : loop(loop) {
    ticket = loop.at(loop.now() + kConnectTimeout,
                     [&connection] { connection.set(Connection::State::kTimedOut); });
  }
  ~DialLimit() { loop.cancel(ticket); }
  DialLimit(const DialLimit&) = delete;
  DialLimit& operator=(const DialLimit&) = delete;

  Loop& loop;
  Loop::Ticket ticket;
};

// The same. A SYN that a router has lost is sent again, each time after twice as long.
class DialRetries {
 public:
  DialRetries(World& world, Connection& connection)
      : world_(world), connection_(connection), id_(connection.id) {
    if (world_.has_routers()) plan(kFirstRetry);
  }
  ~DialRetries() {
    if (ticket_) world_.loop().cancel(*ticket_);
  }
  DialRetries(const DialRetries&) = delete;
  DialRetries& operator=(const DialRetries&) = delete;

 private:
  void plan(Duration wait) {
    ticket_ = world_.loop().at(world_.loop().now() + wait, [this, wait] {
      if (connection_.state != Connection::State::kConnecting || connection_.id != id_) return;
      if (world_.take_lost_dial(id_)) connection_.send(PacketKind::kConnect);
      plan(2 * wait);
    });
  }

  World& world_;
  Connection& connection_;
  std::uint64_t id_;
  std::optional<Loop::Ticket> ticket_;
};

}  // namespace

Result<std::unique_ptr<TcpListener>> TcpNetwork::listen(Endpoint local) {
  if (!local.address.is_unspecified() && !machine_.owns(local.address)) {
    return fail(Errc::kAddressNotAvailable);
  }
  if (local.port == 0) local.port = free_port();
  if (is_taken(listeners_, local)) return fail(Errc::kAddressInUse);
  auto listener = std::make_unique<SimListener>(*this, local);
  listeners_[local] = listener.get();
  trace("listens on " + local.to_string());
  return listener;
}

// The next port that neither a listener nor a connection has.
std::uint16_t TcpNetwork::free_port() {
  for (;;) {
    const std::uint16_t port = next_port_;
    next_port_ = next_free_port(port);
    const bool used =
        std::ranges::any_of(listeners_, [&](const auto& entry) { return entry.first.port == port; }) ||
        std::ranges::any_of(connections_, [&](const auto& entry) { return entry.first.first.port == port; });
    if (!used) return port;
  }
}

Result<Endpoint> TcpNetwork::choose_local(const Endpoint& remote, const std::optional<Endpoint>& wanted) {
  const bool v4 = remote.address.is_v4();
  Endpoint local = wanted.value_or(Endpoint{any_address(v4), 0});
  if (local.address.is_v4() != v4) return fail(Errc::kIo);
  if (!local.address.is_unspecified()) {
    if (!machine_.owns(local.address)) return fail(Errc::kIo);
  } else {
    const auto source = machine_.source_for(remote.address);
    if (!source) return fail(source.error());
    local.address = *source;
  }
  if (local.port == 0 || connections_.contains({local, remote})) local.port = free_port();
  return local;
}

std::shared_ptr<Connection> TcpNetwork::open(const Endpoint& local, const Endpoint& remote,
                                             std::uint64_t id) {
  auto connection = std::make_shared<Connection>(*this, local, remote, id);
  connections_[{local, remote}] = connection;
  return connection;
}

Task<std::unique_ptr<TcpStream>> TcpNetwork::connect(Endpoint remote, std::optional<Endpoint> wanted) {
  const Endpoint local = value_or_throw(choose_local(remote, wanted));
  const std::shared_ptr<Connection> connection = open(local, remote, world_.next_connection());
  trace("dials " + connection->to_string());
  connection->dialed = true;
  connection->send(PacketKind::kConnect);

  const DialLimit limit(world_.loop(), *connection);
  const DialRetries retries(world_, *connection);
  while (connection->state == Connection::State::kConnecting) co_await connection->state_changed.wait();
  if (connection->state == Connection::State::kRefused) throw_error(Errc::kRefused);
  if (connection->state == Connection::State::kTimedOut) throw_error(Errc::kTimedOut);
  co_return std::make_unique<SimTcpStream>(connection);
}

std::shared_ptr<Connection> TcpNetwork::find(const Packet& packet) const {
  const auto found = connections_.find({packet.to, packet.from});
  if (found == connections_.end()) return nullptr;
  auto connection = found->second.lock();
  if (!connection) return nullptr;
  // Our SYN was lost, or is still on its way, but theirs has come to a peer that dials us, too: `on_connect`.
  const bool crosses = packet.kind == PacketKind::kAccept && connection->dialed &&
                       connection->state == Connection::State::kConnecting;
  if (crosses && world_.has_routers()) connection->id = packet.connection;
  return connection->id == packet.connection ? connection : nullptr;
}

void TcpNetwork::receive(Packet packet) {
  const PacketKind kind = packet.kind;
  const Segment::Kind said = packet.segment.kind;
  if (kind == PacketKind::kConnect) return on_connect(packet);
  const std::shared_ptr<Connection> connection = find(packet);
  if (!connection) {
    if (kind != PacketKind::kSegment || said == Segment::Kind::kBytes) refuse(packet);
    return;
  }
  SimListener* const listener = find_bound(listeners_, packet.to);
  if (kind == PacketKind::kAccept) {
    trace("connected " + connection->to_string());
    connection->set(Connection::State::kOpen);
    connection->send(PacketKind::kAccepted);
  } else if (kind == PacketKind::kAccepted) {
    trace("accepted " + connection->to_string());
    if (listener) listener->complete(connection);
    if (connection->dialed) connection->set(Connection::State::kOpen);
  } else if (said == Segment::Kind::kReset && connection->state == Connection::State::kConnecting) {
    trace("refused " + connection->to_string());
    connection->set(Connection::State::kRefused);
    if (listener) listener->forget(connection);
  } else {
    connection->end.receive(std::move(packet.segment));
  }
}

// Both sides dial each other from the ports that they dial (RFC 9293, section 3.5): one connection, which
// both have dialed. It goes by the later SYN's number, so that the two agree whichever of them arrive. For
// hole punching; where nothing is in between it is as rare as in the real world, and left out.
bool TcpNetwork::open_simultaneously(const Packet& packet, const std::shared_ptr<Connection>& dialed) {
  if (!world_.has_routers() || !dialed->dialed) return false;
  // It comes when the connection is open already: it was overtaken.
  if (dialed->state == Connection::State::kOpen) return packet.connection < dialed->id;
  if (dialed->state != Connection::State::kConnecting) return false;
  dialed->id = std::max(dialed->id, packet.connection);
  dialed->send(PacketKind::kAccept);
  return true;
}

void TcpNetwork::on_connect(const Packet& packet) {
  const auto dialed = connections_.find({packet.to, packet.from});
  if (dialed != connections_.end()) {
    const auto connection = dialed->second.lock();
    if (connection && open_simultaneously(packet, connection)) return;
  }
  SimListener* const listener = find_bound(listeners_, packet.to);
  if (!listener) return refuse(packet);
  // The dialer has forgotten an older connection between the same endpoints.
  const auto found = connections_.find({packet.to, packet.from});
  if (found != connections_.end()) {
    if (const auto old = found->second.lock()) old->end.receive({.kind = Segment::Kind::kReset});
    connections_.erase({packet.to, packet.from});
  }
  const auto connection = open(packet.to, packet.from, packet.connection);
  if (!listener->add_half_open(connection)) return refuse(packet);
  reply(packet, PacketKind::kAccept);
}

void TcpNetwork::reply(const Packet& packet, PacketKind kind, Segment segment) {
  Packet answer{packet.to, packet.from, packet.connection, kind, std::move(segment)};
  world_.send(machine_, std::move(answer));
}

void TcpNetwork::crash() {
  trace("crashes");
  while (!listeners_.empty()) listeners_.begin()->second->close();
  const auto connections = std::exchange(connections_, {});
  for (const auto& [pair, weak] : connections) {
    const auto connection = weak.lock();
    if (!connection) continue;
    if (connection->state == Connection::State::kConnecting) connection->set(Connection::State::kRefused);
    connection->end.reset();
  }
}

void TcpNetwork::trace(const std::string& event) {
  world_.trace(machine_.name() + " " + event);
}

}  // namespace warren::sim
