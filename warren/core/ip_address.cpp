#include "warren/core/ip_address.hpp"

namespace warren {

std::optional<IpAddress> ip_address_of(const Multiaddr& address) {
  const auto components = address.components();
  if (components.empty()) return std::nullopt;
  if (components[0].code != Protocol::kIp4 && components[0].code != Protocol::kIp6) return std::nullopt;
  const auto ip = IpAddress::from_bytes(components[0].value);
  return ip ? std::optional(*ip) : std::nullopt;
}

bool is_loopback(const Multiaddr& address) {
  const auto ip = ip_address_of(address);
  return ip && ip->is_loopback();
}

}  // namespace warren
