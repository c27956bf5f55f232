// Endpoints as the QUIC library has them. For engine.cpp and packet.cpp only.
#pragma once

#include <ngtcp2/ngtcp2.h>

#include <algorithm>
#include <bit>

#include "warren/base/time.hpp"
#include "warren/transport/quic/connection_id.hpp"

namespace warren::quic {

// Network order, or from it.
inline std::uint16_t swap_port(std::uint16_t port) {
  return std::endian::native == std::endian::little ? static_cast<std::uint16_t>(port >> 8 | port << 8)
                                                    : port;
}

inline ngtcp2_socklen to_library(const Endpoint& endpoint, ngtcp2_sockaddr_union& to) {
  to = {};
  const BytesView bytes = endpoint.address.bytes();
  if (endpoint.address.is_v4()) {
    to.in.sin_family = AF_INET;
    to.in.sin_port = swap_port(endpoint.port);
    std::memcpy(&to.in.sin_addr, bytes.data(), bytes.size());
    return sizeof(to.in);
  }
  to.in6.sin6_family = AF_INET6;
  to.in6.sin6_port = swap_port(endpoint.port);
  std::memcpy(&to.in6.sin6_addr, bytes.data(), bytes.size());
  return sizeof(to.in6);
}

inline Endpoint from_library(const ngtcp2_addr& address) {
  if (address.addr->sa_family == AF_INET) {
    ngtcp2_sockaddr_in v4;
    std::memcpy(&v4, address.addr, sizeof(v4));
    std::array<std::uint8_t, 4> bytes;
    std::memcpy(bytes.data(), &v4.sin_addr, bytes.size());
    return {IpAddress::v4(bytes), swap_port(v4.sin_port)};
  }
  ngtcp2_sockaddr_in6 v6;
  std::memcpy(&v6, address.addr, sizeof(v6));
  std::array<std::uint8_t, 16> bytes;
  std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
  return {IpAddress::v6(bytes), swap_port(v6.sin6_port)};
}

inline Path from_library(const ngtcp2_path& path) {
  return {from_library(path.local), from_library(path.remote)};
}

// Lives as long as the library looks at it.
struct LibraryPath {
  explicit LibraryPath(const Path& from) {
    path.local = {&local.sa, to_library(from.local, local)};
    path.remote = {&remote.sa, to_library(from.remote, remote)};
  }
  LibraryPath(const LibraryPath&) = delete;
  LibraryPath& operator=(const LibraryPath&) = delete;

  ngtcp2_sockaddr_union local;
  ngtcp2_sockaddr_union remote;
  ngtcp2_path path{};
};

inline ngtcp2_cid to_library(const ConnectionId& id) {
  ngtcp2_cid result;
  ngtcp2_cid_init(&result, id.bytes.data(), id.size);
  return result;
}
inline ConnectionId from_library(const ngtcp2_cid& id) {
  return ConnectionId::from(BytesView(id.data, id.datalen));
}

// The library takes differences of instants, without a sign: a simulation's first ones would go below zero.
inline constexpr Duration kEarlier = std::chrono::hours(1);

inline ngtcp2_tstamp to_library(Instant now) {
  return static_cast<ngtcp2_tstamp>((now + kEarlier).time_since_epoch().count());
}
inline Instant from_library(ngtcp2_tstamp at) {
  constexpr auto kNever = static_cast<ngtcp2_tstamp>(Duration::max().count());
  return Instant(Duration(static_cast<Duration::rep>(std::min(at, kNever))) - kEarlier);
}

}  // namespace warren::quic
