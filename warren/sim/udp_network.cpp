#include "warren/sim/udp_network.hpp"

#include <algorithm>

#include "warren/sim/machine.hpp"
#include "warren/sim/udp_socket.hpp"
#include "warren/sim/world.hpp"

namespace warren::sim {

Result<std::unique_ptr<DatagramSocket>> UdpNetwork::bind(Endpoint local) {
  if (!local.address.is_unspecified() && !machine_.owns(local.address)) {
    return fail(Errc::kAddressNotAvailable);
  }
  if (local.port == 0) local.port = free_port();
  if (is_taken(sockets_, local)) return fail(Errc::kAddressInUse);
  auto socket = std::make_unique<SimUdpSocket>(*this, local);
  sockets_[local] = socket.get();
  world_.trace(machine_.name() + " binds UDP " + local.to_string());
  return socket;
}

Result<std::unique_ptr<DatagramSocket>> UdpNetwork::join(const Endpoint& group) {
  if (!machine_.source_for(group.address)) return fail(Errc::kAddressNotAvailable);
  auto socket = std::make_unique<SimUdpSocket>(*this, group);
  members_.push_back(socket.get());
  world_.trace(machine_.name() + " joins " + group.to_string());
  return socket;
}

void UdpNetwork::forget(SimUdpSocket& socket) {
  if (std::erase(members_, &socket) == 0) sockets_.erase(socket.local_endpoint());
}

std::uint16_t UdpNetwork::free_port() {
  for (;;) {
    const std::uint16_t port = next_port_;
    next_port_ = next_free_port(port);
    const auto is_there = [port](const auto& entry) { return entry.first.port == port; };
    if (std::ranges::none_of(sockets_, is_there)) return port;
  }
}

void UdpNetwork::send(const Endpoint& bound, IpAddress local, const Endpoint& remote, BytesView payload,
                      std::size_t segment_size, Ecn ecn, std::uint8_t hops) {
  if (remote.address.is_v4() != bound.address.is_v4()) throw_error(Errc::kUnreachable);
  if (local.is_unspecified()) {
    local = bound.address;
    if (local.is_unspecified() || is_multicast(local)) {
      local = value_or_throw(machine_.source_for(remote.address));
    }
  }
  if (local.is_v4() != remote.address.is_v4() || !machine_.owns(local) ||
      (local.is_loopback() && !remote.address.is_loopback())) {
    throw_error(Errc::kUnreachable);
  }
  const std::size_t largest = std::min(payload.size(), segment_size);
  if (largest + datagram_overhead(remote.address) > world_.mtu(machine_, remote.address)) {
    throw_error(Errc::kTooLarge);
  }
  do {
    const BytesView part = payload.first(std::min(payload.size(), segment_size));
    Packet packet;
    packet.from = {local, bound.port};
    packet.to = remote;
    packet.kind = Packet::Kind::kDatagram;
    packet.payload = to_bytes(part);
    packet.ecn = ecn;
    packet.hops = hops;
    world_.send(machine_, std::move(packet));
    payload = payload.subspan(part.size());
  } while (!payload.empty());
}

void UdpNetwork::receive(Packet packet) {
  if (is_multicast(packet.to.address)) {
    for (SimUdpSocket* const member : members_) {
      if (member->local_endpoint() == packet.to) member->deliver(packet);
    }
    return;
  }
  SimUdpSocket* const socket = find_bound(sockets_, packet.to);
  if (socket) socket->deliver(std::move(packet));
}

void UdpNetwork::crash() {
  while (!sockets_.empty()) sockets_.begin()->second->close();
  while (!members_.empty()) members_.back()->close();
}

}  // namespace warren::sim
