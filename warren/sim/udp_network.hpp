// UDP of one simulated machine: its sockets, and the packets between them and the world.
#pragma once

#include "warren/env/datagram_socket.hpp"
#include "warren/sim/packet.hpp"
#include "warren/sim/ports.hpp"

namespace warren::sim {

class Machine;
class SimUdpSocket;
class World;

class UdpNetwork {
 public:
  UdpNetwork(World& world, Machine& machine) : world_(world), machine_(machine) {}

  // As Network::bind_udp.
  Result<std::unique_ptr<DatagramSocket>> bind(Endpoint local);

  // A datagram for this machine has arrived. When nobody is bound to its port it is lost.
  void receive(Packet packet);

  // See Machine::crash.
  void crash();

 private:
  friend class SimUdpSocket;

  std::uint16_t free_port();
  // As DatagramSocket::send, from a socket that is bound to `bound`.
  void send(const Endpoint& bound, IpAddress local, const Endpoint& remote, BytesView payload,
            std::size_t segment_size, Ecn ecn);

  World& world_;
  Machine& machine_;
  PortTable<SimUdpSocket> sockets_;
  std::uint16_t next_port_ = kFirstFreePort;
};

}  // namespace warren::sim
