// UDP of one simulated machine: its sockets, and the packets between them and the world.
#pragma once

#include <vector>

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

  // As Network::join_multicast; the machine has one interface.
  Result<std::unique_ptr<DatagramSocket>> join(const Endpoint& group);

  // A datagram for this machine has arrived. When nobody is bound to its port, or is in the group that it is
  // for, it is lost.
  void receive(Packet packet);

  // See Machine::crash.
  void crash();

 private:
  friend class SimUdpSocket;

  std::uint16_t free_port();
  void forget(SimUdpSocket& socket);
  // As DatagramSocket::send, from a socket that is bound to `bound` and has this hop limit.
  void send(const Endpoint& bound, IpAddress local, const Endpoint& remote, BytesView payload,
            std::size_t segment_size, Ecn ecn, std::uint8_t hops);

  World& world_;
  Machine& machine_;
  PortTable<SimUdpSocket> sockets_;
  std::vector<SimUdpSocket*> members_;  // of multicast groups, which share their ports
  std::uint16_t next_port_ = kFirstFreePort;
};

}  // namespace warren::sim
