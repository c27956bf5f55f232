// The UDP socket of a simulated machine.
#pragma once

#include <deque>
#include <vector>

#include "warren/async/event.hpp"
#include "warren/sim/udp_network.hpp"

namespace warren::sim {

class SimUdpSocket final : public DatagramSocket {
 public:
  SimUdpSocket(UdpNetwork& network, const Endpoint& local) : network_(network), local_(local) {}
  ~SimUdpSocket() override { close(); }

  Task<std::span<const Datagram>> receive() override;
  Task<void> send(IpAddress local, Endpoint remote, BytesView payload, std::size_t segment_size,
                  Ecn ecn) override;
  Result<> set_hop_limit(std::uint8_t hops) override;
  Endpoint local_endpoint() const override { return local_; }
  void close() override;

  // Lost when too much waits to be received already.
  void deliver(Packet packet);

 private:
  UdpNetwork& network_;
  Endpoint local_;
  std::deque<Packet> arrived_;
  std::size_t arrived_bytes_ = 0;
  // What receive() has returned.
  std::vector<Packet> batch_;
  std::vector<Datagram> datagrams_;
  Event changed_;
  std::uint8_t hops_ = kHopLimit;
  bool closed_ = false;
};

}  // namespace warren::sim
