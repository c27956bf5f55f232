#include "warren/protocols/spray/target.hpp"

#include <algorithm>

#include "warren/core/address_scope.hpp"
#include "warren/core/circuit.hpp"
#include "warren/core/ip_address.hpp"

namespace warren::spray {

namespace {

bool is_far_enough(const IpAddress& ip, bool private_networks) {
  const AddressScope scope = scope_of(ip);
  if (scope == AddressScope::kPublic) return true;
  return private_networks && scope == AddressScope::kPrivate && !ip.is_link_local();
}

}  // namespace

bool may_be_sprayed(const IpAddress& target, std::span<const IpAddress> own, bool private_networks) {
  return is_far_enough(target, private_networks) && std::ranges::find(own, target) == own.end();
}

std::optional<Endpoint> quic_endpoint_of(const NatPosition& position, bool private_networks) {
  std::optional<Endpoint> found;
  for (const Multiaddr& address : position.addresses) {
    const auto endpoint = endpoint_of(address, Protocol::kUdp);
    if (!endpoint || endpoint->port == 0 || address != quic_address(*endpoint)) continue;
    if (!is_far_enough(endpoint->address, private_networks)) continue;
    if (endpoint->address.is_v4()) return endpoint;
    if (!found) found = endpoint;
  }
  return found;
}

std::optional<IpAddress> outside_of(const NatPosition& position, bool private_networks) {
  std::vector<IpAddress> seen = position.outside;
  for (const Multiaddr& address : position.addresses) {
    const auto ip = is_circuit(address) ? std::nullopt : ip_address_of(address);
    if (ip) seen.push_back(*ip);
  }
  std::erase_if(seen, [&](const IpAddress& ip) { return !is_far_enough(ip, private_networks); });
  if (seen.empty()) return std::nullopt;
  const auto v4 = std::ranges::find_if(seen, &IpAddress::is_v4);
  return v4 != seen.end() ? *v4 : seen.front();
}

bool shares_outside(const NatPosition& one, const NatPosition& other) {
  return std::ranges::find_first_of(one.outside, other.outside) != one.outside.end();
}

Multiaddr quic_address(const Endpoint& endpoint) {
  return multiaddr_of(endpoint, Protocol::kUdp).with(Protocol::kQuicV1);
}

}  // namespace warren::spray
