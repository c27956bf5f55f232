// The sockets of one simulated machine. What TCP does with lost packets is left to the link (link.hpp), which
// delivers everything in order or not yet; the rest is TCP as a program sees it: handshake, window, end of a
// half, reset.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "warren/env/network.hpp"
#include "warren/sim/packet.hpp"

namespace warren::sim {

class Machine;
class SimListener;
class World;
struct Connection;

class TcpNetwork final : public Network {
 public:
  TcpNetwork(World& world, Machine& machine) : world_(world), machine_(machine) {}

  // kAddressNotAvailable when the address is not the machine's, kAddressInUse when a listener has the port.
  Result<std::unique_ptr<TcpListener>> listen_tcp(Endpoint local) override;
  // Also throws kIo when `local` is not the machine's. An address that nobody has times out like one whose
  // host is off.
  Task<std::unique_ptr<TcpStream>> connect_tcp(Endpoint remote, std::optional<Endpoint> local) override;
  std::vector<IpAddress> interface_addresses() override;

  // A packet for this machine has arrived.
  void receive(Packet packet);

  // See Machine::crash.
  void crash();

 private:
  friend class SimListener;
  friend struct Connection;
  using Pair = std::pair<Endpoint, Endpoint>;  // local, remote

  bool owns(const IpAddress& address) const;
  Result<Endpoint> choose_local(const Endpoint& remote, const std::optional<Endpoint>& wanted);
  std::uint16_t free_port();
  SimListener* listener_for(const Endpoint& local) const;
  std::shared_ptr<Connection> find(const Packet& packet) const;
  std::shared_ptr<Connection> open(const Endpoint& local, const Endpoint& remote, std::uint64_t id);
  void on_connect(const Packet& packet);
  void reply(const Packet& packet, Packet::Kind kind, Segment segment = {});
  void refuse(const Packet& packet) {
    reply(packet, Packet::Kind::kSegment, {.kind = Segment::Kind::kReset});
  }
  void trace(const std::string& event);

  World& world_;
  Machine& machine_;
  std::map<Endpoint, SimListener*> listeners_;
  std::map<Pair, std::weak_ptr<Connection>> connections_;
  std::uint16_t next_port_ = 49152;  // the first ephemeral port (RFC 6335, section 6)
};

}  // namespace warren::sim
