// The socket objects that a simulated machine hands out; tcp_network.hpp moves their packets.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "warren/env/network.hpp"
#include "warren/env/stream_end.hpp"
#include "warren/sim/tcp_network.hpp"

namespace warren::sim {

// What both ends of a connection keep, from the first packet on.
struct Connection {
  enum class State { kConnecting, kOpen, kRefused, kTimedOut };

  Connection(TcpNetwork& network, const Endpoint& local, const Endpoint& remote, std::uint64_t id);
  // As the kernel's close(): what was written before close_write() still arrives, anything else is reset.
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void send(Packet::Kind kind, Segment segment = {});
  void set(State next);
  // "198.51.100.1:49152 > 198.51.100.2:4001"
  std::string to_string() const { return local.to_string() + " > " + remote.to_string(); }

  TcpNetwork& network;
  Endpoint local;
  Endpoint remote;
  std::uint64_t id;
  State state = State::kConnecting;
  bool dialed = false;  // and not accepted
  Event state_changed;
  StreamEnd end;
};

class SimTcpStream final : public TcpStream {
 public:
  explicit SimTcpStream(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}

  Task<std::size_t> read_some(MutableBytes to) override { return connection_->end.read_some(to); }
  Task<void> write(BytesView bytes) override { return connection_->end.write(bytes); }
  Task<void> close_write() override;
  void reset() override { connection_->end.reset(); }
  Endpoint local_endpoint() const override { return connection_->local; }
  Endpoint remote_endpoint() const override { return connection_->remote; }

 private:
  std::shared_ptr<Connection> connection_;
};

class SimListener final : public TcpListener {
 public:
  SimListener(TcpNetwork& network, const Endpoint& local) : network_(network), local_(local) {}
  ~SimListener() override { close(); }

  Task<std::unique_ptr<TcpStream>> accept() override;
  Endpoint local_endpoint() const override { return local_; }
  void close() override;

  // False when the backlog is full.
  bool add_half_open(std::shared_ptr<Connection> connection);
  // The handshake is done: the connection can be accepted.
  void complete(const std::shared_ptr<Connection>& connection);
  // The dialer gave up before it was done.
  void forget(const std::shared_ptr<Connection>& connection);

 private:
  TcpNetwork& network_;
  Endpoint local_;
  std::vector<std::shared_ptr<Connection>> half_open_;
  std::deque<std::shared_ptr<Connection>> backlog_;
  Event changed_;
  bool closed_ = false;
};

}  // namespace warren::sim
