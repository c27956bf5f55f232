#include "warren/core/address_scope.hpp"

#include <algorithm>

#include "warren/core/ip_address.hpp"

namespace warren {

namespace {

AddressScope scope_of_v4(const IpAddress& ip) {
  const BytesView bytes = ip.bytes();
  if (bytes[0] == 0 || bytes[0] >= 224) return AddressScope::kUndialable;
  if (ip.is_loopback()) return AddressScope::kLoopback;
  const bool carrier_nat = bytes[0] == 100 && (bytes[1] & 0xc0) == 64;  // RFC 6598
  if (ip.is_private() || ip.is_link_local() || carrier_nat) return AddressScope::kPrivate;
  return AddressScope::kPublic;
}

AddressScope scope_of_v6(const IpAddress& ip) {
  const BytesView bytes = ip.bytes();
  if (ip.is_loopback()) return AddressScope::kLoopback;
  // ::/80 holds the unspecified address, and IPv4 addresses mapped (::ffff:0:0/96) or embedded (::/96,
  // RFC 4291, section 2.5.5): our IPv6 sockets take IPv6 only, and no rule for IPv4 would see them.
  const bool embeds_v4 = std::ranges::all_of(bytes.first(10), [](std::uint8_t byte) { return byte == 0; });
  if (embeds_v4 || bytes[0] == 0xff || ip.is_link_local()) return AddressScope::kUndialable;
  return ip.is_private() ? AddressScope::kPrivate : AddressScope::kPublic;
}

}  // namespace

AddressScope scope_of(const IpAddress& ip) {
  return ip.is_v4() ? scope_of_v4(ip) : scope_of_v6(ip);
}

std::optional<AddressScope> scope_of(const Multiaddr& address) {
  const auto ip = ip_address_of(address);
  if (!ip) return std::nullopt;
  return scope_of(*ip);
}

}  // namespace warren
