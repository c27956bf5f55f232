#include "warren/sim/tcp_socket.hpp"

#include <algorithm>
#include <utility>

#include "warren/sim/machine.hpp"
#include "warren/sim/world.hpp"

namespace warren::sim {

namespace {

constexpr std::size_t kWindow = 256 * 1024;
constexpr std::size_t kBacklogMax = 128;

}  // namespace

Connection::Connection(TcpNetwork& network, const Endpoint& local, const Endpoint& remote, std::uint64_t id)
    : network(network), local(local), remote(remote), id(id), end(kWindow, [this](Segment segment) {
        if (segment.kind == Segment::Kind::kReset) this->network.trace("reset " + to_string());
        if (segment.kind == Segment::Kind::kEnd) this->network.trace("ended " + to_string());
        send(Packet::Kind::kSegment, std::move(segment));
      }) {}

Connection::~Connection() {
  if (state == State::kOpen && !end.over() && !end.drained()) end.reset();
  const auto found = network.connections_.find({local, remote});
  if (found != network.connections_.end() && found->second.expired()) network.connections_.erase(found);
}

void Connection::send(Packet::Kind kind, Segment segment) {
  Packet packet{local, remote, id, kind, std::move(segment)};
  network.world_.send(network.machine_, std::move(packet));
}

void Connection::set(State next) {
  state = next;
  state_changed.notify_all();
}

Task<void> SimTcpStream::close_write() {
  connection_->end.close_write();
  co_return;
}

Task<std::unique_ptr<TcpStream>> SimListener::accept() {
  while (backlog_.empty() && !closed_) co_await changed_.wait();
  if (closed_) throw_error(Errc::kClosed);
  auto stream = std::make_unique<SimTcpStream>(std::move(backlog_.front()));
  backlog_.pop_front();
  co_return stream;
}

void SimListener::close() {
  if (std::exchange(closed_, true)) return;
  network_.listeners_.erase(local_);
  half_open_.clear();
  backlog_.clear();
  changed_.notify_all();
}

bool SimListener::add_half_open(std::shared_ptr<Connection> connection) {
  if (half_open_.size() + backlog_.size() >= kBacklogMax) return false;
  half_open_.push_back(std::move(connection));
  return true;
}

void SimListener::complete(const std::shared_ptr<Connection>& connection) {
  if (std::erase(half_open_, connection) == 0) return;
  connection->set(Connection::State::kOpen);
  backlog_.push_back(connection);
  changed_.notify_all();
}

void SimListener::forget(const std::shared_ptr<Connection>& connection) {
  std::erase(half_open_, connection);
}

}  // namespace warren::sim
