#include "warren/swarm/interface_addresses.hpp"

#include <algorithm>

#include "warren/core/ip_address.hpp"

namespace warren {

namespace {

Multiaddr with_ip(const Multiaddr& address, const IpAddress& ip) {
  Multiaddr result = Multiaddr().with(ip.is_v4() ? Protocol::kIp4 : Protocol::kIp6, ip.bytes());
  const auto components = address.components();
  for (std::size_t i = 1; i < components.size(); ++i)
    result = result.with(components[i].code, components[i].value);
  return result;
}

}  // namespace

std::vector<Multiaddr> concrete_addresses(const std::vector<Multiaddr>& listening,
                                          const std::vector<IpAddress>& interfaces) {
  std::vector<Multiaddr> result;
  for (const Multiaddr& address : listening) {
    const auto ip = ip_address_of(address);
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
