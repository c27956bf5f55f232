#include "warren/env/real/udp_message.hpp"

#include <netinet/udp.h>

#include <algorithm>
#include <cstring>

namespace warren::real {

namespace {

// The two lowest bits of what was the type of service.
constexpr int kEcnBits = 3;

// Appends control messages to those of `message`.
class ControlWriter {
 public:
  ControlWriter(msghdr& message, ControlBuffer& buffer) : message_(message), buffer_(buffer) {
    buffer.bytes = {};
  }

  template <class T>
  void add(int level, int type, const T& value) {
    message_.msg_control = buffer_.bytes.data();
    message_.msg_controllen = buffer_.bytes.size();
    cmsghdr* const header = last_ == nullptr ? CMSG_FIRSTHDR(&message_) : CMSG_NXTHDR(&message_, last_);
    header->cmsg_level = level;
    header->cmsg_type = type;
    header->cmsg_len = CMSG_LEN(sizeof value);
    std::memcpy(CMSG_DATA(header), &value, sizeof value);
    used_ += CMSG_SPACE(sizeof value);
    message_.msg_controllen = used_;
    last_ = header;
  }

 private:
  msghdr& message_;
  ControlBuffer& buffer_;
  cmsghdr* last_ = nullptr;
  std::size_t used_ = 0;
};

template <class T>
T value_of(const cmsghdr& header) {
  T value{};
  std::memcpy(&value, CMSG_DATA(&header), std::min(sizeof value, header.cmsg_len - CMSG_LEN(0)));
  return value;
}

IpAddress address_of(const in_addr& address) {
  std::array<std::uint8_t, 4> bytes;
  std::memcpy(bytes.data(), &address, bytes.size());
  return IpAddress::v4(bytes);
}

IpAddress address_of(const in6_addr& address) {
  std::array<std::uint8_t, 16> bytes;
  std::memcpy(bytes.data(), &address, bytes.size());
  return IpAddress::v6(bytes);
}

}  // namespace

socklen_t write_address(const Endpoint& endpoint, SocketAddress& address) {
  std::memset(&address, 0, sizeof address);
  if (endpoint.address.is_v4()) {
    address.v4.sin_family = AF_INET;
    address.v4.sin_port = htons(endpoint.port);
    std::memcpy(&address.v4.sin_addr, endpoint.address.bytes().data(), sizeof address.v4.sin_addr);
    return sizeof address.v4;
  }
  address.v6.sin6_family = AF_INET6;
  address.v6.sin6_port = htons(endpoint.port);
  std::memcpy(&address.v6.sin6_addr, endpoint.address.bytes().data(), sizeof address.v6.sin6_addr);
  return sizeof address.v6;
}

Endpoint read_address(const SocketAddress& address) {
  if (address.any.sa_family == AF_INET) return {address_of(address.v4.sin_addr), ntohs(address.v4.sin_port)};
  return {address_of(address.v6.sin6_addr), ntohs(address.v6.sin6_port)};
}

void write_control(msghdr& message, ControlBuffer& buffer, const Control& control, bool v4) {
  ControlWriter writer(message, buffer);
  if (!control.local.is_unspecified()) {
    if (control.local.is_v4()) {
      in_pktinfo info{};
      std::memcpy(&info.ipi_spec_dst, control.local.bytes().data(), sizeof info.ipi_spec_dst);
      writer.add(IPPROTO_IP, IP_PKTINFO, info);
    } else {
      in6_pktinfo info{};
      std::memcpy(&info.ipi6_addr, control.local.bytes().data(), sizeof info.ipi6_addr);
      writer.add(IPPROTO_IPV6, IPV6_PKTINFO, info);
    }
  }
  if (control.ecn != Ecn::kNotCapable) {
    const int bits = static_cast<int>(control.ecn);
    writer.add(v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_TOS : IPV6_TCLASS, bits);
  }
  if (control.segment_size > 0) {
    writer.add(IPPROTO_UDP, UDP_SEGMENT, static_cast<std::uint16_t>(control.segment_size));
  }
}

Control read_control(msghdr& message) {
  Control control;
  for (const cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, const_cast<cmsghdr*>(header))) {
    const auto is = [&](int level, int type) {
      return header->cmsg_level == level && header->cmsg_type == type;
    };
    if (is(IPPROTO_IP, IP_PKTINFO)) {
      control.local = address_of(value_of<in_pktinfo>(*header).ipi_addr);
    } else if (is(IPPROTO_IPV6, IPV6_PKTINFO)) {
      control.local = address_of(value_of<in6_pktinfo>(*header).ipi6_addr);
    } else if (is(IPPROTO_IP, IP_TOS)) {
      control.ecn = static_cast<Ecn>(value_of<std::uint8_t>(*header) & kEcnBits);
    } else if (is(IPPROTO_IPV6, IPV6_TCLASS)) {
      control.ecn = static_cast<Ecn>(value_of<int>(*header) & kEcnBits);
    } else if (is(IPPROTO_UDP, UDP_GRO)) {
      control.segment_size = static_cast<std::size_t>(std::max(value_of<int>(*header), 0));
    }
  }
  return control;
}

}  // namespace warren::real
