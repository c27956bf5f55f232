#include "warren/sim/tcp_network.hpp"

#include <algorithm>

#include "warren/base/assert.hpp"
#include "warren/sim/machine.hpp"
#include "warren/sim/tcp_socket.hpp"
#include "warren/sim/world.hpp"

namespace warren::sim {

namespace {

using Kind = Packet::Kind;

// Linux gives up after six SYNs, which takes 127 s.
constexpr Duration kConnectTimeout = std::chrono::seconds(127);

IpAddress loopback(bool v4) {
  return v4 ? IpAddress::v4({127, 0, 0, 1}) : IpAddress::v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
}

IpAddress any(bool v4) {
  return v4 ? IpAddress::v4({}) : IpAddress::v6({});
}

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

}  // namespace

bool TcpNetwork::owns(const IpAddress& address) const {
  return address == loopback(address.is_v4()) ||
         std::ranges::find(machine_.addresses(), address) != machine_.addresses().end();
}

std::vector<IpAddress> TcpNetwork::interface_addresses() {
  std::vector<IpAddress> addresses = {loopback(true), loopback(false)};
  addresses.insert(addresses.end(), machine_.addresses().begin(), machine_.addresses().end());
  return addresses;
}

Result<std::unique_ptr<TcpListener>> TcpNetwork::listen_tcp(Endpoint local) {
  const bool wildcard = local.address.is_unspecified();
  if (!wildcard && !owns(local.address)) return fail(Errc::kAddressNotAvailable);
  if (local.port == 0) local.port = free_port();
  for (const auto& [other, listener] : listeners_) {
    if (other.port != local.port || other.address.is_v4() != local.address.is_v4()) continue;
    if (wildcard || other.address.is_unspecified() || other.address == local.address) {
      return fail(Errc::kAddressInUse);
    }
  }
  auto listener = std::make_unique<SimListener>(*this, local);
  listeners_[local] = listener.get();
  trace("listens on " + local.to_string());
  return listener;
}

// The next port that neither a listener nor a connection has.
std::uint16_t TcpNetwork::free_port() {
  for (;;) {
    const std::uint16_t port = next_port_;
    next_port_ = port == 65535 ? 49152 : port + 1;
    const bool used =
        std::ranges::any_of(listeners_, [&](const auto& entry) { return entry.first.port == port; }) ||
        std::ranges::any_of(connections_, [&](const auto& entry) { return entry.first.first.port == port; });
    if (!used) return port;
  }
}

Result<Endpoint> TcpNetwork::choose_local(const Endpoint& remote, const std::optional<Endpoint>& wanted) {
  const bool v4 = remote.address.is_v4();
  Endpoint local = wanted.value_or(Endpoint{any(v4), 0});
  if (local.address.is_v4() != v4) return fail(Errc::kIo);
  if (!local.address.is_unspecified()) {
    if (!owns(local.address)) return fail(Errc::kIo);
  } else if (remote.address.is_loopback()) {
    local.address = loopback(v4);
  } else {
    const auto own = std::ranges::find(machine_.addresses(), v4, &IpAddress::is_v4);
    if (own == machine_.addresses().end()) return fail(Errc::kUnreachable);
    local.address = *own;
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

Task<std::unique_ptr<TcpStream>> TcpNetwork::connect_tcp(Endpoint remote, std::optional<Endpoint> wanted) {
  const Endpoint local = value_or_throw(choose_local(remote, wanted));
  const std::shared_ptr<Connection> connection = open(local, remote, world_.next_connection());
  trace("dials " + connection->to_string());
  connection->send(Kind::kConnect);

  const DialLimit limit(world_.loop(), *connection);
  while (connection->state == Connection::State::kConnecting) co_await connection->state_changed.wait();
  if (connection->state == Connection::State::kRefused) throw_error(Errc::kRefused);
  if (connection->state == Connection::State::kTimedOut) throw_error(Errc::kTimedOut);
  co_return std::make_unique<SimTcpStream>(connection);
}

SimListener* TcpNetwork::listener_for(const Endpoint& local) const {
  auto found = listeners_.find(local);
  if (found == listeners_.end()) found = listeners_.find({any(local.address.is_v4()), local.port});
  return found == listeners_.end() ? nullptr : found->second;
}

std::shared_ptr<Connection> TcpNetwork::find(const Packet& packet) const {
  const auto found = connections_.find({packet.to, packet.from});
  if (found == connections_.end()) return nullptr;
  auto connection = found->second.lock();
  return connection && connection->id == packet.connection ? connection : nullptr;
}

void TcpNetwork::receive(Packet packet) {
  const Kind kind = packet.kind;
  const Segment::Kind said = packet.segment.kind;
  if (kind == Kind::kConnect) return on_connect(packet);
  const std::shared_ptr<Connection> connection = find(packet);
  if (!connection) {
    if (kind != Kind::kSegment || said == Segment::Kind::kBytes) refuse(packet);
    return;
  }
  SimListener* const listener = listener_for(packet.to);
  if (kind == Kind::kAccept) {
    trace("connected " + connection->to_string());
    connection->set(Connection::State::kOpen);
    connection->send(Kind::kAccepted);
  } else if (kind == Kind::kAccepted) {
    trace("accepted " + connection->to_string());
    if (listener) listener->complete(connection);
  } else if (said == Segment::Kind::kReset && connection->state == Connection::State::kConnecting) {
    trace("refused " + connection->to_string());
    connection->set(Connection::State::kRefused);
    if (listener) listener->forget(connection);
  } else {
    connection->end.receive(std::move(packet.segment));
  }
}

void TcpNetwork::on_connect(const Packet& packet) {
  SimListener* const listener = listener_for(packet.to);
  if (!listener) return refuse(packet);
  // The dialer has forgotten an older connection between the same endpoints.
  const auto found = connections_.find({packet.to, packet.from});
  if (found != connections_.end()) {
    if (const auto old = found->second.lock()) old->end.receive({.kind = Segment::Kind::kReset});
    connections_.erase({packet.to, packet.from});
  }
  const auto connection = open(packet.to, packet.from, packet.connection);
  if (!listener->add_half_open(connection)) return refuse(packet);
  reply(packet, Kind::kAccept);
}

void TcpNetwork::reply(const Packet& packet, Kind kind, Segment segment) {
  world_.send(machine_, {packet.to, packet.from, packet.connection, kind, std::move(segment)});
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
