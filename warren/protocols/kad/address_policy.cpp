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
  switch (*scope) {
    case AddressScope::kPublic: return true;
    case AddressScope::kPrivate: return filter != AddressFilter::kPublic && peer != AddressScope::kPublic;
    case AddressScope::kLoopback: return filter != AddressFilter::kPublic && peer == AddressScope::kLoopback;
    case AddressScope::kUndialable: return false;
  }
  return false;
}

bool is_near(const Multiaddr& address) {
  const auto scope = scope_of(address);
  return scope == AddressScope::kPrivate || scope == AddressScope::kLoopback;
}

}  // namespace

AddressScope distance_to(const Connection& connection) {
  const auto scope = scope_of(connection.remote_address());
  if (scope == AddressScope::kLoopback || scope == AddressScope::kPrivate) return *scope;
  return AddressScope::kPublic;
}

std::vector<Multiaddr> allowed(AddressFilter filter, AddressScope peer, std::vector<Multiaddr> addresses) {
  std::erase_if(addresses, [&](const Multiaddr& address) { return !is_allowed(filter, peer, address); });
  if (filter == AddressFilter::kLan && std::ranges::none_of(addresses, is_near)) addresses.clear();
  return addresses;
}

}  // namespace warren::kad
