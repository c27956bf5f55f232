#include "warren/protocols/autonat/listening.hpp"

#include <algorithm>

#include "warren/core/ip_address.hpp"
#include "warren/protocols/autonat/address_facts.hpp"

namespace warren::autonat {

std::vector<Multiaddr> listening_addresses(const Host& host, Network& network) {
  const std::vector<IpAddress> own = network.interface_addresses();
  std::vector<Multiaddr> listening;
  for (const Multiaddr& address : host.addresses()) {
    const auto ip = ip_address_of(address);
    if (is_circuit(address) || !ip || std::ranges::find(own, *ip) == own.end()) continue;
    listening.push_back(without_peer_of(address));
  }
  return listening;
}

}  // namespace warren::autonat
