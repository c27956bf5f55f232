#include "warren/node/own_position.hpp"

#include <algorithm>

#include "warren/core/address_scope.hpp"
#include "warren/core/circuit.hpp"
#include "warren/core/ip_address.hpp"
#include "warren/protocols/stun/port_forecast.hpp"

namespace warren {

namespace {

using stun::Behavior;

NatMapping mapping_of(const stun::NatReport& report) {
  if (report.is_own_address) return NatMapping::kNone;
  if (report.mapping == Behavior::kUnknown) return NatMapping::kUnknown;
  if (report.mapping == Behavior::kEndpointIndependent) return NatMapping::kEndpointIndependent;
  return NatMapping::kDependent;
}

NatFiltering filtering_of(const stun::NatReport& report) {
  switch (report.filtering) {
    case Behavior::kUnknown: return NatFiltering::kUnknown;
    case Behavior::kEndpointIndependent: return NatFiltering::kOpen;
    case Behavior::kAddressDependent: return NatFiltering::kAddress;
    case Behavior::kAddressAndPortDependent: return NatFiltering::kAddressAndPort;
  }
  return NatFiltering::kUnknown;
}

void add_outside(std::vector<IpAddress>& outside, const IpAddress& address) {
  if (std::ranges::find(outside, address) == outside.end()) outside.push_back(address);
}

}  // namespace

bool is_same(const NatPosition& one, const NatPosition& other) {
  return one.udp == other.udp && one.mapping == other.mapping && one.filtering == other.filtering &&
         one.ports == other.ports && std::ranges::is_permutation(one.addresses, other.addresses);
}

const stun::NatReport* decisive(std::span<const stun::NatReport> reports) {
  const auto v4 = std::ranges::find_if(reports, [](const auto& r) { return r.local.address.is_v4(); });
  if (v4 != reports.end()) return &*v4;
  return reports.empty() ? nullptr : &reports.front();
}

NatPosition own_position(std::span<const stun::NatReport> reports, std::span<const autonat::OwnAddress> own,
                         bool private_network, const autonat::ObservationBook::Mapping& over_tcp) {
  NatPosition position;
  const auto is_quic = [](const autonat::OwnAddress& address) {
    return !is_circuit(address.address) && address.address.has(Protocol::kQuicV1);
  };
  position.udp = reports.empty() ? own.empty() || std::ranges::any_of(own, is_quic)
                                 : std::ranges::any_of(reports, &stun::NatReport::udp);
  if (const stun::NatReport* report = decisive(reports)) {
    position.mapping = mapping_of(*report);
    position.filtering = filtering_of(*report);
    if (position.is_hard()) position.ports = stun::trend_of(report->mapping, report->ports).ports;
    if (report->mapped) add_outside(position.outside, report->mapped->address);
  }
  if (!position.udp && over_tcp.dependent) {
    position.mapping = *over_tcp.dependent ? NatMapping::kDependent : NatMapping::kEndpointIndependent;
    for (const IpAddress& ip : over_tcp.outside) add_outside(position.outside, ip);
  }
  for (const autonat::OwnAddress& address : own) {
    const auto scope = scope_of(address.address);
    if (is_circuit(address.address) || !scope || *scope == AddressScope::kUndialable) continue;
    const bool is_public = *scope == AddressScope::kPublic;
    if (*scope == AddressScope::kPrivate) position.local.push_back(address.address);
    if (!is_public && !private_network) continue;
    position.addresses.push_back(address.address);
    if (const auto ip = ip_address_of(address.address); ip && is_public) add_outside(position.outside, *ip);
  }
  return position;
}

void add_tentative(NatPosition& position, std::span<const Multiaddr> tentative) {
  const bool is_hard = position.is_hard();
  for (const Multiaddr& address : tentative) {
    const auto socket = autonat::socket_of(address);
    if (!socket || (is_hard && !position.addresses.empty())) continue;
    const auto is_like_it = [&](const Multiaddr& other) {
      const auto known = autonat::socket_of(other);
      return known && known->transport == socket->transport &&
             known->endpoint.address.is_v4() == socket->endpoint.address.is_v4();
    };
    if (std::ranges::any_of(position.addresses, is_like_it)) continue;
    position.addresses.push_back(address);
    add_outside(position.outside, socket->endpoint.address);
  }
}

}  // namespace warren
