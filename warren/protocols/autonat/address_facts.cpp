#include "warren/protocols/autonat/address_facts.hpp"

#include <algorithm>
#include <vector>

#include "warren/core/address_scope.hpp"
#include "warren/core/circuit.hpp"
#include "warren/core/ip_address.hpp"
#include "warren/core/ip_network.hpp"

namespace warren::autonat {

namespace {

std::vector<Protocol> form_of(const Multiaddr& address) {
  std::vector<Protocol> form;
  for (const Component& part : address.components()) {
    if (part.code == Protocol::kP2p || part.code == Protocol::kCerthash || part.code == Protocol::kSni)
      continue;
    if (part.code == Protocol::kWss) form.push_back(Protocol::kTls);  // the same, in one word
    form.push_back(part.code == Protocol::kWss ? Protocol::kWs : part.code);
  }
  return form;
}

}  // namespace

std::optional<SocketKey> socket_of(const Multiaddr& address) {
  if (is_circuit(address)) return std::nullopt;
  for (const Protocol transport : {Protocol::kTcp, Protocol::kUdp}) {
    if (const auto endpoint = endpoint_of(address, transport)) return SocketKey{*endpoint, transport};
  }
  return std::nullopt;
}

IpAddress network_of(const IpAddress& ip) {
  if (scope_of(ip) != AddressScope::kPublic) return ip;
  return operator_network_of(ip);
}

bool same_form(const Multiaddr& a, const Multiaddr& b) {
  return form_of(a) == form_of(b);
}

Multiaddr without_peer_of(const Multiaddr& address) {
  const auto parts = address.components();
  return !parts.empty() && parts.back().code == Protocol::kP2p ? address.decapsulate_last() : address;
}

}  // namespace warren::autonat
