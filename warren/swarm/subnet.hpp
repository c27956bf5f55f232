// A range of IP addresses: all with one prefix.
#pragma once

#include <string>
#include <string_view>

#include "warren/core/ip_network.hpp"
#include "warren/env/endpoint.hpp"

namespace warren {

// "192.0.2.0/24", "2001:db8::/32", or one address. IPv4 addresses in IPv6's clothes (::ffff:192.0.2.1) count
// as what they are.
struct Subnet {
  IpAddress address;  // with the bits after the prefix zero
  unsigned prefix_bits = 0;

  // Zeroes the bits after the prefix. kBadAddress for what is neither an address nor a subnet.
  static Result<Subnet> parse(std::string_view text);
  // Without the prefix where it is one address.
  std::string to_string() const;
  bool contains(const IpAddress& other) const;
  bool operator==(const Subnet&) const = default;
};

// The one form in which a subnet is listed and found. kBadAddress for a prefix longer than the address, and
// for
// ::ffff:0:0 with a shorter one than 96 bits: it would hold more than IPv4, which nobody means.
Result<Subnet> normalized(IpAddress address, unsigned prefix_bits);

// ::ffff:192.0.2.1 as 192.0.2.1, all others as they are. A socket that listens on both families shows IPv4
// peers as such; what is said of an address must hold for both.
IpAddress unmapped(const IpAddress& address);

}  // namespace warren
