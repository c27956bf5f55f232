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
  std::map<std::pair<SocketKey, SocketKey>, std::set<IpAddress>> seen;
  for (const Observation& each : observations_) seen[{each.local, each.observed}].insert(each.network);
  std::vector<Seen> confirmed;
  for (const auto& [sockets, networks] : seen) {
    if (networks.size() >= kObserversMin)
      confirmed.push_back({sockets.first, sockets.second, networks.size()});
  }
  std::ranges::stable_sort(confirmed, std::greater{}, &Seen::networks);
  if (confirmed.size() > kObservedSocketsMax) confirmed.resize(kObservedSocketsMax);
  return confirmed;
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

}  // namespace warren::autonat
