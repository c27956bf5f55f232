#include "warren/core/ip_address.hpp"

namespace warren {

std::optional<IpAddress> ip_address_of(const Multiaddr& address) {
  const auto components = address.components();
  if (components.empty()) return std::nullopt;
  if (components[0].code != Protocol::kIp4 && components[0].code != Protocol::kIp6) return std::nullopt;
  const auto ip = IpAddress::from_bytes(components[0].value);
  return ip ? std::optional(*ip) : std::nullopt;
}

std::optional<Endpoint> endpoint_of(const Multiaddr& address, Protocol transport) {
  const auto ip = ip_address_of(address);
  const auto components = address.components();
  if (!ip || components.size() < 2 || components[1].code != transport) return std::nullopt;
  return Endpoint{*ip, components[1].port()};
}

Multiaddr multiaddr_of(const Endpoint& endpoint, Protocol transport) {
  const Protocol family = endpoint.address.is_v4() ? Protocol::kIp4 : Protocol::kIp6;
  return Multiaddr().with(family, endpoint.address.bytes()).with_port(transport, endpoint.port);
}

bool is_loopback(const Multiaddr& address) {
  const auto ip = ip_address_of(address);
  return ip && ip->is_loopback();
}

}  // namespace warren
