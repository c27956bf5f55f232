#include "warren/protocols/mdns/reach.hpp"

#include <algorithm>

#include "warren/core/address_scope.hpp"
#include "warren/core/ip_address.hpp"

namespace warren::mdns {

namespace {

bool same_network(const IpAddress& a, const IpAddress& b) {
  if (a.is_v4() != b.is_v4()) return false;
  const std::size_t prefix = a.is_v4() ? 3 : 8;
  return equal(a.bytes().first(prefix), b.bytes().first(prefix));
}

// The address's own one, where others can dial it without help.
std::optional<IpAddress> direct_ip(const Multiaddr& address) {
  if (address.has(Protocol::kP2pCircuit)) return std::nullopt;
  const auto ip = ip_address_of(address);
  if (!ip) return std::nullopt;
  const AddressScope scope = scope_of(*ip);
  return scope == AddressScope::kUndialable || scope == AddressScope::kLoopback ? std::nullopt : ip;
}

}  // namespace

std::vector<Multiaddr> addresses_at(const NetworkInterface& interface, const std::vector<Multiaddr>& ours) {
  std::vector<Multiaddr> result;
  for (const Multiaddr& address : ours) {
    const auto ip = direct_ip(address);
    if (ip && std::ranges::find(interface.addresses, *ip) != interface.addresses.end()) {
      result.push_back(address);
    }
  }
  return result;
}

std::vector<Multiaddr> addresses_near(const NetworkInterface& interface, const IpAddress& source,
                                      std::vector<Multiaddr> theirs) {
  std::erase_if(theirs, [&](const Multiaddr& address) {
    const auto ip = direct_ip(address);
    if (!ip) return true;
    if (*ip == source || scope_of(*ip) == AddressScope::kPrivate) return false;
    return std::ranges::none_of(interface.addresses,
                                [&](const IpAddress& own) { return same_network(own, *ip); });
  });
  return theirs;
}

}  // namespace warren::mdns
