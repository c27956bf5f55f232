// Who is bound where on a simulated machine: the rules that listeners of TCP and sockets of UDP share.
#pragma once

#include <map>

#include "warren/env/endpoint.hpp"

namespace warren::sim {

template <class Socket>
using PortTable = std::map<Endpoint, Socket*>;

// The first ephemeral port (RFC 6335, section 6).
inline constexpr std::uint16_t kFirstFreePort = 49152;

inline std::uint16_t next_free_port(std::uint16_t port) {
  return port == 65535 ? kFirstFreePort : port + 1;
}

// 0.0.0.0 or ::
inline IpAddress any_address(bool v4) {
  return v4 ? IpAddress::v4({}) : IpAddress::v6({});
}

// 127.0.0.1 or ::1
inline IpAddress loopback_address(bool v4) {
  return v4 ? IpAddress::v4({127, 0, 0, 1}) : IpAddress::v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
}

// 224.0.0.0/4, ff00::/8.
inline bool is_multicast(const IpAddress& address) {
  const std::uint8_t first = address.bytes()[0];
  return address.is_v4() ? (first & 0xf0) == 0xe0 : first == 0xff;
}

// Whether somebody is where `local` can't be, too: at the same port, at the same address or any.
template <class Socket>
bool is_taken(const PortTable<Socket>& table, const Endpoint& local) {
  for (const auto& [other, socket] : table) {
    if (other.port != local.port || other.address.is_v4() != local.address.is_v4()) continue;
    if (local.address.is_unspecified() || other.address.is_unspecified() || other.address == local.address) {
      return true;
    }
  }
  return false;
}

// Who gets what is sent to `to`; null when nobody does.
template <class Socket>
Socket* find_bound(const PortTable<Socket>& table, const Endpoint& to) {
  auto found = table.find(to);
  if (found == table.end()) found = table.find({any_address(to.address.is_v4()), to.port});
  return found == table.end() ? nullptr : found->second;
}

}  // namespace warren::sim
