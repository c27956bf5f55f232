// The kernel's UDP, by Asio's reactor and system calls of our own: Asio has none for batches.
#pragma once

#include <boost/asio/ip/udp.hpp>
#include <memory>

#include "warren/base/time.hpp"
#include "warren/env/datagram_socket.hpp"
#include "warren/env/real/udp_sender.hpp"

namespace warren::real {

struct UdpOptions {
  // Whether to let the kernel take datagrams apart and put them together; what it can't do is not done.
  bool segmentation = true;  // UDP_SEGMENT, Linux 4.18
  bool coalescing = true;    // UDP_GRO, Linux 5.0
  // A socket that has received nothing for so long gives its buffers back.
  Duration idle_after = 1s;
};

class KernelUdpSocket final : public DatagramSocket {
 public:
  // As Network::bind_udp.
  static Result<std::unique_ptr<KernelUdpSocket>> open(const Executor& executor, Endpoint local,
                                                       UdpOptions options = {});
  // A socket that is bound to `local` already.
  static std::unique_ptr<KernelUdpSocket> adopt(boost::asio::ip::udp::socket socket, Endpoint local,
                                                UdpOptions options);
  ~KernelUdpSocket() override;

  Task<std::span<const Datagram>> receive() override;
  Task<void> send(IpAddress local, Endpoint remote, BytesView payload, std::size_t segment_size,
                  Ecn ecn) override;
  Result<> set_hop_limit(std::uint8_t hops) override;
  Endpoint local_endpoint() const override { return local_; }
  void close() override;

  // For tests and logs.
  int descriptor() { return socket_.native_handle(); }
  bool segments() const { return sender_.segments(); }
  bool has_receive_memory() const;

 private:
  struct Receiving;

  KernelUdpSocket(boost::asio::ip::udp::socket socket, Endpoint local, UdpOptions options);
  Task<void> wait_for(boost::asio::socket_base::wait_type what);

  boost::asio::ip::udp::socket socket_;
  Endpoint local_;
  UdpSender sender_;
  std::shared_ptr<Receiving> receiving_;  // shared with nobody but its timer, which does not keep it
};

}  // namespace warren::real
