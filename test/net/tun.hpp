// The end of a link in a network namespace: a TUN device, which hands whole IP packets to who reads it.
//
// Without offloads (no IFF_VNET_HDR), so the kernel cuts what TCP and UDP_SEGMENT send at once into packets
// with checksums before they come here. With them a read would bring up to 64 KB, and one draw of luck would
// lose 44 packets, one place in the queue would hold them, and a line of 200 Mbit/s would be silent for
// 2.6 ms and then say all of it: no link does that.
#pragma once

#include <optional>
#include <string>

#include "warren/base/bytes.hpp"
#include "warren/base/error.hpp"

namespace warren::net {

// No packet is longer: IPv6's payload and its header.
inline constexpr std::size_t kPacketMax = 65535 + 40;

class Tun {
 public:
  // Makes the device, down and without addresses, in the namespace that `ip netns` knows by this name. It
  // goes when the Tun does.
  static Result<Tun> make(const std::string& network_namespace, const std::string& device);

  Tun(Tun&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Tun& operator=(Tun&&) = delete;
  ~Tun();

  // For epoll: readable when there is a packet, in error when the device is gone.
  int descriptor() const { return descriptor_; }

  // The size of the packet that is in `buffer` then; nothing when none waits.
  std::optional<std::size_t> read(MutableBytes buffer);

  // False when the kernel does not take it: the device is down.
  bool write(BytesView packet);

 private:
  explicit Tun(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;
};

}  // namespace warren::net
