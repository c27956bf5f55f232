// Reads datagrams from a socket: many with one call, and takes apart those that the kernel has put together
// (UDP_GRO). Has memory only while there is something to read.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "warren/env/datagram_socket.hpp"

namespace warren::real {

class UdpReceiver {
 public:
  UdpReceiver();
  ~UdpReceiver();

  // Reads what there is, up to one batch, without waiting. Returns errno's value; after 0 datagrams() are at
  // least one, otherwise none.
  int read(int descriptor);

  // Valid until the next read() or release().
  std::span<const Datagram> datagrams() const { return datagrams_; }

  // Gives the memory back to the system until the next read().
  void release();
  bool has_memory() const { return buffers_ != nullptr; }

 private:
  struct Buffers;

  std::unique_ptr<Buffers> buffers_;
  std::vector<Datagram> datagrams_;
};

}  // namespace warren::real
