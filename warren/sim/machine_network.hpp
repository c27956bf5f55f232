// The Network of one simulated machine: TCP, UDP and the machine's addresses.
#pragma once

#include "warren/async/event.hpp"
#include "warren/sim/tcp_network.hpp"
#include "warren/sim/udp_network.hpp"

namespace warren::sim {

class MachineNetwork final : public Network {
 public:
  MachineNetwork(World& world, Machine& machine)
      : machine_(machine), tcp_(world, machine), udp_(world, machine) {}

  Result<std::unique_ptr<TcpListener>> listen_tcp(Endpoint local) override { return tcp_.listen(local); }
  // Also throws kIo when `local` is not the machine's. An address that nobody has times out like one whose
  // host is off.
  Task<std::unique_ptr<TcpStream>> connect_tcp(Endpoint remote, std::optional<Endpoint> local) override {
    return tcp_.connect(remote, local);
  }
  Result<std::unique_ptr<DatagramSocket>> bind_udp(Endpoint local) override { return udp_.bind(local); }
  std::vector<IpAddress> interface_addresses() override;
  std::vector<NetworkInterface> interfaces() override;
  Result<std::unique_ptr<DatagramSocket>> join_multicast(Endpoint group,
                                                         const NetworkInterface& interface) override;
  Task<void> wait_for_change() override;

  // A packet for this machine has arrived.
  void receive(Packet packet);

  // See Machine::crash.
  void crash();

  // Whoever waits for a change is told of one.
  void note_change();

 private:
  Machine& machine_;
  TcpNetwork tcp_;
  UdpNetwork udp_;
  std::weak_ptr<Event> change_;  // of who waits: the loop, and what is suspended there, ends before us
  bool watched_ = false;
  bool changed_ = false;
};

}  // namespace warren::sim
