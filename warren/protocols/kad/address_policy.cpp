#include "warren/protocols/kad/address_policy.hpp"

#include <algorithm>

namespace warren::kad {

namespace {

bool begins_with_name(const Multiaddr& address) {
  const auto components = address.components();
  if (components.empty()) return false;
  switch (components.front().code) {
    case Protocol::kDns:
    case Protocol::kDns4:
    case Protocol::kDns6:
    case Protocol::kDnsaddr: return true;
    default: return false;
  }
}

bool is_allowed(AddressFilter filter, AddressScope peer, const Multiaddr& address) {
  const auto scope = scope_of(address);
  if (!scope) return begins_with_name(address);
  if (filter == AddressFilter::kPublic) return scope == AddressScope::kPublic;
  return is_usable(*scope, peer);
}

bool is_near(const Multiaddr& address) {
  const auto scope = scope_of(address);
  return scope == AddressScope::kPrivate || scope == AddressScope::kLoopback;
}

}  // namespace

std::vector<Multiaddr> allowed(AddressFilter filter, AddressScope peer, std::vector<Multiaddr> addresses) {
  std::erase_if(addresses, [&](const Multiaddr& address) { return !is_allowed(filter, peer, address); });
  if (filter == AddressFilter::kLan && std::ranges::none_of(addresses, is_near)) addresses.clear();
  return addresses;
}

}  // namespace warren::kad
