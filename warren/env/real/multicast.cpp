#include "warren/env/real/multicast.hpp"

#include <netinet/in.h>

#include <algorithm>
#include <cerrno>

#include "warren/env/real/error.hpp"
#include "warren/env/real/udp_message.hpp"
#include "warren/env/real/udp_socket.hpp"

namespace warren::real {

using boost::asio::ip::udp;

namespace {

// RFC 6762, section 11: shows that no router was on the way.
constexpr int kTtl = 255;

template <class Value>
bool set(int descriptor, int level, int name, const Value& value) {
  return setsockopt(descriptor, level, name, &value, sizeof value) == 0;
}

// What all multicasts of one family need, whatever the group. Both ways of sharing a port: other programs may
// have chosen either.
bool prepare(int descriptor, bool v4) {
  const int on = 1;
  if (!set(descriptor, SOL_SOCKET, SO_REUSEADDR, on) || !set(descriptor, SOL_SOCKET, SO_REUSEPORT, on)) {
    return false;
  }
  if (v4) {
    // Otherwise it hears what others' sockets have joined, on other cards.
    const int off = 0;
    return set(descriptor, IPPROTO_IP, IP_MULTICAST_ALL, off) &&
           set(descriptor, IPPROTO_IP, IP_PKTINFO, on) &&
           set(descriptor, IPPROTO_IP, IP_MTU_DISCOVER, int{IP_PMTUDISC_PROBE}) &&
           set(descriptor, IPPROTO_IP, IP_MULTICAST_LOOP, on) && set(descriptor, IPPROTO_IP, IP_TTL, kTtl) &&
           set(descriptor, IPPROTO_IP, IP_MULTICAST_TTL, kTtl);
  }
  return set(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, on) &&
         set(descriptor, IPPROTO_IPV6, IPV6_RECVPKTINFO, on) &&
         set(descriptor, IPPROTO_IPV6, IPV6_MTU_DISCOVER, int{IPV6_PMTUDISC_PROBE}) &&
         set(descriptor, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, on) &&
         set(descriptor, IPPROTO_IPV6, IPV6_UNICAST_HOPS, kTtl) &&
         set(descriptor, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, kTtl);
}

bool join(int descriptor, const SocketAddress& group, std::uint32_t index) {
  if (group.any.sa_family == AF_INET) {
    const ip_mreqn membership{group.v4.sin_addr, {}, static_cast<int>(index)};
    return set(descriptor, IPPROTO_IP, IP_MULTICAST_IF, membership) &&
           set(descriptor, IPPROTO_IP, IP_ADD_MEMBERSHIP, membership);
  }
  const ipv6_mreq membership{group.v6.sin6_addr, index};
  return set(descriptor, IPPROTO_IPV6, IPV6_MULTICAST_IF, static_cast<int>(index)) &&
         set(descriptor, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, membership);
}

std::unexpected<std::error_code> failed() {
  const bool gone = errno == ENODEV || errno == EADDRNOTAVAIL || errno == ENXIO || errno == EINVAL;
  return fail(gone ? Errc::kAddressNotAvailable : Errc::kIo);
}

}  // namespace

Result<std::unique_ptr<DatagramSocket>> join_multicast(const Executor& executor, const Endpoint& group,
                                                       const NetworkInterface& interface) {
  const bool v4 = group.address.is_v4();
  if (std::ranges::none_of(interface.addresses, [&](const auto& own) { return own.is_v4() == v4; })) {
    return fail(Errc::kAddressNotAvailable);
  }
  udp::socket socket(executor);
  boost::system::error_code error;
  socket.open(v4 ? udp::v4() : udp::v6(), error);
  if (!error) socket.native_non_blocking(true, error);
  if (error) return fail(translate(error));

  const int descriptor = socket.native_handle();
  if (!prepare(descriptor, v4)) return fail(Errc::kUnsupported);
  SocketAddress address;
  const socklen_t size = write_address(group, address);
  // A group of IPv6 is of one link: this binds the socket to the card, too.
  if (!v4) address.v6.sin6_scope_id = interface.index;
  if (bind(descriptor, &address.any, size) != 0) return failed();
  if (!join(descriptor, address, interface.index)) return failed();
  // Nothing comes in bursts that would be worth it.
  const UdpOptions options = {.segmentation = false, .coalescing = false};
  return KernelUdpSocket::adopt(std::move(socket), group, options);
}

}  // namespace warren::real
