#include "warren/swarm/interface_addresses.hpp"

#include <algorithm>

namespace warren {

namespace {

std::optional<IpAddress> ip_of(const Multiaddr& address) {
  const auto components = address.components();
  if (components.empty()) return std::nullopt;
  if (components[0].code != Protocol::kIp4 && components[0].code != Protocol::kIp6) return std::nullopt;
  const auto ip = IpAddress::from_bytes(components[0].value);
  return ip ? std::optional(*ip) : std::nullopt;
}

Multiaddr with_ip(const Multiaddr& address, const IpAddress& ip) {
  Multiaddr result = Multiaddr().with(ip.is_v4() ? Protocol::kIp4 : Protocol::kIp6, ip.bytes());
  const auto components = address.components();
  for (std::size_t i = 1; i < components.size(); ++i)
    result = result.with(components[i].code, components[i].value);
  return result;
}

}  // namespace

bool is_loopback(const Multiaddr& address) {
  const auto ip = ip_of(address);
  return ip && ip->is_loopback();
}

std::vector<Multiaddr> concrete_addresses(const std::vector<Multiaddr>& listening,
                                          const std::vector<IpAddress>& interfaces) {
  std::vector<Multiaddr> result;
  for (const Multiaddr& address : listening) {
    const auto ip = ip_of(address);
    if (!ip || !ip->is_unspecified()) {
      result.push_back(address);
      continue;
    }
    for (const IpAddress& interface : interfaces) {
      if (interface.is_v4() == ip->is_v4() && !interface.is_link_local())
        result.push_back(with_ip(address, interface));
    }
  }
  std::ranges::stable_partition(result, [](const Multiaddr& address) { return !is_loopback(address); });
  std::vector<Multiaddr> unique;
  for (Multiaddr& address : result) {
    if (std::ranges::find(unique, address) == unique.end()) unique.push_back(std::move(address));
  }
  return unique;
}

}  // namespace warren
