// An IP address, and an address with a port.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>

#include "warren/base/bytes.hpp"

namespace warren {

class IpAddress {
 public:
  IpAddress() = default;  // 0.0.0.0
  static IpAddress v4(std::array<std::uint8_t, 4> bytes);
  static IpAddress v6(std::array<std::uint8_t, 16> bytes);
  // From 4 or 16 bytes in network order, else kBadAddress.
  static Result<IpAddress> from_bytes(BytesView bytes);
  // "192.0.2.1" or "2001:db8::1"; else kBadAddress.
  static Result<IpAddress> parse(std::string_view text);

  bool is_v4() const { return is_v4_; }
  bool is_loopback() const;
  bool is_unspecified() const;
  bool is_link_local() const;
  // Of a network that nobody outside reaches: RFC 1918, or IPv6 unique local (RFC 4193).
  bool is_private() const;
  BytesView bytes() const { return BytesView(bytes_).first(is_v4_ ? 4 : 16); }
  std::string to_string() const;

  auto operator<=>(const IpAddress&) const = default;

 private:
  bool is_v4_ = true;
  std::array<std::uint8_t, 16> bytes_ = {};  // the first 4 for IPv4
};

struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;

  std::string to_string() const;  // "192.0.2.1:4001", "[2001:db8::1]:4001"
  auto operator<=>(const Endpoint&) const = default;
};

}  // namespace warren
