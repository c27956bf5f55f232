// A datagram as the kernel's calls take and give it: socket addresses, and the control messages beside the
// payload. ip(7), ipv6(7), udp(7); RFC 3542.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>

#include "warren/env/datagram_socket.hpp"

namespace warren::real {

union SocketAddress {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

// Returns the size that the kernel is to be told.
socklen_t write_address(const Endpoint& endpoint, SocketAddress& address);
Endpoint read_address(const SocketAddress& address);

// What is said beside a payload.
struct Control {
  IpAddress local;  // our own address; unspecified leaves it to the routes
  Ecn ecn = Ecn::kNotCapable;
  std::size_t segment_size = 0;  // of the datagrams that the payload consists of; 0: it is a single one
};

// Room for all of it, of either family.
struct alignas(cmsghdr) ControlBuffer {
  std::array<std::uint8_t, 128> bytes;
};

// `v4` is the socket's family. The message points to the buffer afterwards, which must outlive its use.
void write_control(msghdr& message, ControlBuffer& buffer, const Control& control, bool v4);
// Of a message that the kernel has filled in; parts that it does not have stay as they are by default.
Control read_control(msghdr& message);

}  // namespace warren::real
