#include "warren/protocols/autonat/observed_addresses.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include "warren/core/address_scope.hpp"
#include "warren/core/circuit.hpp"
#include "warren/core/ip_address.hpp"
#include "warren/env/clock.hpp"
#include "warren/protocols/autonat/listening.hpp"

namespace warren::autonat {

void ObservationBook::make_room(const PeerId& observer, Instant now) {
  std::erase_if(observations_,
                [now](const Observation& each) { return each.expires && *each.expires <= now; });
  const auto of_observer = [&](const Observation& each) { return each.observer == observer; };
  if (std::ranges::count_if(observations_, of_observer) >= std::ptrdiff_t{kObservationsPerPeerMax})
    observations_.erase(std::ranges::find_if(observations_, of_observer));
  if (observations_.size() >= kObservationsMax) observations_.erase(observations_.begin());
}

void ObservationBook::note(std::uint64_t connection, const PeerId& observer, const IpAddress& network,
                           const SocketKey& local, const SocketKey& observed, Instant now) {
  const AddressScope scope = scope_of(observed.endpoint.address);
  const bool useful =
      scope == AddressScope::kPublic || (private_networks_ && scope == AddressScope::kPrivate);
  // The same family and transport, or it has misunderstood something.
  const bool fits = local.transport == observed.transport && observed.endpoint.port != 0;
  std::erase_if(observations_,
                [&](const Observation& each) { return each.connection == connection && !each.expires; });
  if (!useful || !fits) return;
  make_room(observer, now);
  SocketKey socket = local;
  socket.endpoint.address = {};
  observations_.push_back({connection, observer, network, socket, observed, now, {}});
}

void ObservationBook::ended(std::uint64_t connection, Instant now) {
  for (Observation& each : observations_) {
    if (each.connection == connection && !each.expires) each.expires = now + kObservationLife;
  }
}

std::vector<ObservationBook::Seen> ObservationBook::confirmed(Instant now) {
  std::erase_if(observations_,
                [now](const Observation& each) { return each.expires && *each.expires <= now; });
  return seen_by(kObserversMin, false);
}

std::vector<ObservationBook::Seen> ObservationBook::current() const {
  return seen_by(1, true);
}

std::vector<ObservationBook::Seen> ObservationBook::seen_by(std::size_t networks_min, bool open_only) const {
  std::map<std::pair<SocketKey, SocketKey>, std::set<IpAddress>> seen;
  for (const Observation& each : observations_) {
    if (!open_only || !each.expires) seen[{each.local, each.observed}].insert(each.network);
  }
  std::vector<Seen> found;
  for (const auto& [sockets, networks] : seen) {
    if (networks.size() >= networks_min) found.push_back({sockets.first, sockets.second, networks.size()});
  }
  std::ranges::stable_sort(found, std::greater{}, &Seen::networks);
  if (found.size() > kObservedSocketsMax) found.resize(kObservedSocketsMax);
  return found;
}

// A dial from a port of its own is seen by one only.
ObservationBook::Mapping ObservationBook::mapping(Protocol transport, Instant now) const {
  std::map<SocketKey, std::map<IpAddress, std::set<Endpoint>>> seen;
  for (const Observation& each : observations_) {
    const bool over = each.expires && *each.expires <= now;
    if (each.local.transport == transport && !over)
      seen[each.local][each.network].insert(each.observed.endpoint);
  }
  Mapping mapping;
  for (const auto& [local, networks] : seen) {
    if (networks.size() < kObserversMin) continue;
    std::map<Endpoint, std::size_t> endpoints;
    std::map<IpAddress, std::size_t> ips;
    for (const auto& [network, observed] : networks) {
      std::set<IpAddress> of_network;
      for (const Endpoint& endpoint : observed) {
        ++endpoints[endpoint];
        of_network.insert(endpoint.address);
      }
      for (const IpAddress& ip : of_network) ++ips[ip];
    }
    const auto agreed = [](const auto& entry) { return entry.second >= kObserversMin; };
    mapping.dependent = std::ranges::none_of(endpoints, agreed) && mapping.dependent.value_or(true);
    for (const auto& [ip, count] : ips) {
      if (count >= kObserversMin) mapping.outside.push_back(ip);
    }
  }
  return mapping;
}

std::vector<Multiaddr> seen_from_outside(const std::vector<ObservationBook::Seen>& seen,
                                         const std::vector<Multiaddr>& listening) {
  std::vector<Multiaddr> addresses;
  for (const auto& each : seen) {
    for (const Multiaddr& address : listening) {
      const auto socket = socket_of(address);
      if (!socket || socket->transport != each.local.transport) continue;
      const bool same_family = socket->endpoint.address.is_v4() == each.observed.endpoint.address.is_v4();
      if (!same_family || socket->endpoint.port != each.local.endpoint.port) continue;
      Multiaddr outside = multiaddr_of(each.observed.endpoint, each.observed.transport);
      const auto parts = without_peer_of(address).components();
      for (std::size_t i = 2; i < parts.size(); ++i) outside = outside.with(parts[i].code, parts[i].value);
      if (std::ranges::find(addresses, outside) == addresses.end()) addresses.push_back(std::move(outside));
    }
  }
  return addresses;
}

ObservedAddresses::ObservedAddresses(Host& host, bool private_networks)
    : host_(host), book_(private_networks) {}

void ObservedAddresses::start() {
  subscriptions_.push_back(host_.events().disconnected.subscribe([this](const ConnectionPtr& connection) {
    book_.ended(number_of(*connection), host_.env().clock.now());
  }));
  Network& network = host_.env().network;
  interfaces_ = network.interface_addresses();
  subscriptions_.push_back(host_.events().network_changed.subscribe([this, &network] {
    auto interfaces = network.interface_addresses();
    if (std::exchange(interfaces_, interfaces) == interfaces) return;
    book_.forget();
    tell_changes();
  }));
}

void ObservedAddresses::note(const ConnectionPtr& connection, const Multiaddr& observed) {
  const Multiaddr remote = connection->remote_address();
  const auto from = ip_address_of(remote);
  const auto local = socket_of(connection->local_address());
  const auto ours = socket_of(observed);
  if (!connection->is_open() || is_circuit(remote) || !from || !local || !ours) return;
  book_.note(number_of(*connection), connection->remote_peer(), network_of(*from), *local, *ours,
             host_.env().clock.now());
  tell_changes();
}

void ObservedAddresses::tell_changes() {
  auto seen = book_.confirmed(host_.env().clock.now());
  const auto sockets = [](const std::vector<ObservationBook::Seen>& list) {
    std::set<std::pair<SocketKey, SocketKey>> sockets;
    for (const auto& each : list) sockets.emplace(each.local, each.observed);
    return sockets;
  };
  const bool changed = sockets(seen) != sockets(last_);
  last_ = std::move(seen);
  if (changed) changed_.emit();
}

std::vector<Multiaddr> ObservedAddresses::addresses() {
  return seen_from_outside(book_.confirmed(host_.env().clock.now()),
                           listening_addresses(host_, host_.env().network));
}

std::vector<Multiaddr> ObservedAddresses::tentative() const {
  return seen_from_outside(book_.current(), listening_addresses(host_, host_.env().network));
}

}  // namespace warren::autonat
