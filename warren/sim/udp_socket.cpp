#include "warren/sim/udp_socket.hpp"

#include <utility>

#include "warren/base/assert.hpp"

namespace warren::sim {

namespace {

// As the kernel's sockets: datagrams a call, and what may wait.
constexpr std::size_t kBatchMax = 64;
constexpr std::size_t kReceiveBuffer = 4 * 1024 * 1024;

std::size_t cost_of(const Packet& packet) {
  return packet.payload.size() + sizeof(Packet);
}

}  // namespace

Task<std::span<const Datagram>> SimUdpSocket::receive() {
  while (arrived_.empty() && !closed_) co_await changed_.wait();
  if (closed_) throw_error(Errc::kClosed);
  batch_.clear();
  datagrams_.clear();
  while (!arrived_.empty() && batch_.size() < kBatchMax) {
    arrived_bytes_ -= cost_of(arrived_.front());
    batch_.push_back(std::move(arrived_.front()));
    arrived_.pop_front();
  }
  for (const Packet& packet : batch_) {
    datagrams_.push_back({packet.from, packet.to.address, packet.payload, packet.ecn});
  }
  co_return datagrams_;
}

Task<void> SimUdpSocket::send(IpAddress local, Endpoint remote, BytesView payload, std::size_t segment_size,
                              Ecn ecn) {
  WARREN_ASSERT(segment_size > 0 || payload.empty());
  if (closed_) throw_error(Errc::kClosed);
  network_.send(local_, local, remote, payload, segment_size, ecn, hops_);
  co_return;
}

Result<> SimUdpSocket::set_hop_limit(std::uint8_t hops) {
  hops_ = hops;
  return {};
}

void SimUdpSocket::close() {
  if (std::exchange(closed_, true)) return;
  network_.forget(*this);
  arrived_.clear();
  changed_.notify_all();
}

void SimUdpSocket::deliver(Packet packet) {
  if (arrived_bytes_ + cost_of(packet) > kReceiveBuffer) return;
  arrived_bytes_ += cost_of(packet);
  arrived_.push_back(std::move(packet));
  changed_.notify_all();
}

}  // namespace warren::sim
