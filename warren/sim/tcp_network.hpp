// TCP of one simulated machine. What it does with lost packets is left to the link (link.hpp), which
// delivers everything in order or not yet; the rest is TCP as a program sees it: handshake, window, end of a
// half, reset.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "warren/env/network.hpp"
#include "warren/sim/packet.hpp"
#include "warren/sim/ports.hpp"

namespace warren::sim {

class Machine;
class SimListener;
class World;
struct Connection;

class TcpNetwork {
 public:
  TcpNetwork(World& world, Machine& machine) : world_(world), machine_(machine) {}

  // See MachineNetwork.
  Result<std::unique_ptr<TcpListener>> listen(Endpoint local);
  Task<std::unique_ptr<TcpStream>> connect(Endpoint remote, std::optional<Endpoint> local);

  // A packet for this machine has arrived.
  void receive(Packet packet);

  // See Machine::crash.
  void crash();

 private:
  friend class SimListener;
  friend struct Connection;
  using Pair = std::pair<Endpoint, Endpoint>;  // local, remote

  Result<Endpoint> choose_local(const Endpoint& remote, const std::optional<Endpoint>& wanted);
  std::uint16_t free_port();
  std::shared_ptr<Connection> find(const Packet& packet) const;
  std::shared_ptr<Connection> open(const Endpoint& local, const Endpoint& remote, std::uint64_t id);
  void on_connect(const Packet& packet);
  bool open_simultaneously(const Packet& packet, const std::shared_ptr<Connection>& dialed);
  void reply(const Packet& packet, Packet::Kind kind, Segment segment = {});
  void refuse(const Packet& packet) {
    reply(packet, Packet::Kind::kSegment, {.kind = Segment::Kind::kReset});
  }
  void trace(const std::string& event);

  World& world_;
  Machine& machine_;
  PortTable<SimListener> listeners_;
  std::map<Pair, std::weak_ptr<Connection>> connections_;
  std::uint16_t next_port_ = kFirstFreePort;
};

}  // namespace warren::sim
