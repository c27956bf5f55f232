// Whom a spray may send to, and what we say of ourselves: pure.
#pragma once

#include <optional>
#include <span>

#include "warren/core/nat_position.hpp"

namespace warren::spray {

// One host of the wide network, and not ourselves (in a private network also a private one): never loopback,
// link-local, multicast or broadcast.
bool may_be_sprayed(const IpAddress& target, std::span<const IpAddress> own, bool private_networks);

// The first address that others may dial over QUIC: where probes come from. IPv4 before IPv6, which has no
// hard NATs.
std::optional<Endpoint> quic_endpoint_of(const NatPosition& position, bool private_networks);

// As which IP we are seen: where probes are to go.
std::optional<IpAddress> outside_of(const NatPosition& position, bool private_networks);

// Whether both are seen as the same IP: behind one NAT.
bool shares_outside(const NatPosition& one, const NatPosition& other);

// /ip4|ip6/.../udp/PORT/quic-v1
Multiaddr quic_address(const Endpoint& endpoint);

}  // namespace warren::spray
