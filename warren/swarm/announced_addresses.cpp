#include "warren/swarm/announced_addresses.hpp"

#include <algorithm>

#include "warren/core/circuit.hpp"
#include "warren/swarm/dial_ranking.hpp"

namespace warren {

bool AnnouncedAddresses::set(const std::string& source, std::vector<Multiaddr> addresses) {
  const std::vector<Multiaddr> before = list();
  if (addresses.empty()) {
    sources_.erase(source);
  } else if (sources_.contains(source) || sources_.size() < kSourcesMax) {
    if (addresses.size() > kPerSourceMax) addresses.resize(kPerSourceMax);
    sources_[source] = std::move(addresses);
  }
  return list() != before;
}

std::vector<Multiaddr> AnnouncedAddresses::list() const {
  std::vector<Multiaddr> unique;
  for (const auto& [source, addresses] : sources_) {
    for (const Multiaddr& given : addresses) {
      Multiaddr address = without_peer(given);
      if (std::ranges::find(unique, address) == unique.end()) unique.push_back(std::move(address));
    }
  }
  std::ranges::stable_partition(unique, [](const Multiaddr& address) { return !is_circuit(address); });
  return unique;
}

}  // namespace warren
