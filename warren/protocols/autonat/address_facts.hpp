// What AutoNAT needs to know of an address: the socket it leads to, and the network that somebody is in.
#pragma once

#include <optional>

#include "warren/env/endpoint.hpp"
#include "warren/multiformats/multiaddr.hpp"

namespace warren::autonat {

// An IP address, a transport's port there: /quic-v1 and /quic-v1/webtransport of one port lead to the same
// one, and are reachable or not together.
struct SocketKey {
  Endpoint endpoint;
  Protocol transport = Protocol::kUdp;  // or kTcp

  auto operator<=>(const SocketKey&) const = default;
};

// std::nullopt for what is relayed, or does not begin with an IP address and a port.
std::optional<SocketKey> socket_of(const Multiaddr& address);

// Two who are in different networks are taken to be different people: an IPv4 /16, an IPv6 /32. Private and
// loopback addresses are networks of their own each, since a private network is not larger than that.
IpAddress network_of(const IpAddress& ip);

// Whether both have the same protocols in the same order, whatever their values; a peer, hashes of
// certificates and server names are left out. A connection's local address has the form of what was dialed.
bool same_form(const Multiaddr& a, const Multiaddr& b);

// Without a /p2p at its end.
Multiaddr without_peer_of(const Multiaddr& address);

}  // namespace warren::autonat
