// Which of our addresses a peer is told, and which of the peer's are tried. Whoever tells us addresses makes
// us send packets there: what is told is a claim, and a hostile peer must gain neither a scan of our network
// nor a flood at somebody else's. Pure.
#pragma once

#include <vector>

#include "warren/core/nat_position.hpp"
#include "warren/core/peerstore.hpp"

namespace warren::dcutr {

// Of one message.
inline constexpr std::size_t kTriedMax = 64;
// Different IPs among the public ones that are tried: two families, and a second way out.
inline constexpr std::size_t kTriedPublicIpsMax = 4;
// The same of our own subnet, and sockets at each: a home has few nodes, and they listen at few ports.
inline constexpr std::size_t kTriedLocalIpsMax = 4;
inline constexpr std::size_t kTriedAtLocalIpMax = 4;
// Of the ports that our NAT is about to assign: to a peer that tries many, and to one that dials eight
// addresses at a time and the others after these have failed, too late for a punch (go and rust).
inline constexpr std::size_t kPredictedMax = 50;
inline constexpr std::size_t kPredictedToStockMax = 4;
inline constexpr std::size_t kToldToStockMax = 8;

// What both choices depend on.
struct Situation {
  PeerId peer;
  NatPosition ours;
  std::vector<Multiaddr> known;         // the peer's, from elsewhere: a plain dial would go there
  std::vector<IpAddress> seen_at = {};  // where the peer said to be in earlier rounds
  bool private_networks = false;
};

// Whether the peer seems to be behind the same NAT as we are: it is known, or says it is, at an IP that
// others see us at. What it says is no proof.
bool shares_outside(const Situation& situation, const std::vector<Multiaddr>& heard);

struct Told {
  std::vector<Multiaddr> addresses;  // as many as one message has room for
  bool predicted = false;            // some are of ports that the NAT is about to assign
};
// The predicted first, then those of our position; those of our own network only to who shares our outside.
// `predicted`: the likeliest first. `many`: the peer tries many (it speaks /warren/punch/1.0.0). A hard NAT
// that shows no address at all is still told by its IP: what the peer sends there opens its own filter for
// us.
Told to_tell(const Situation& situation, const std::vector<Multiaddr>& heard,
             const std::vector<Multiaddr>& predicted, bool many);

// Of what the peer told, in its order, each once and without /p2p: IP addresses with plain TCP or QUIC,
// public, or private ones of our own subnet when the peer shares our outside. Never loopback, link-local,
// multicast, an embedded IPv4 address, a circuit, a name, another peer's, our own socket, port 0; a port
// below 1024 only where a plain dial would go as well, since it is known from elsewhere. In a private network
// private addresses are as good as public ones.
std::vector<Multiaddr> to_try(const Situation& situation, const std::vector<Multiaddr>& heard);

}  // namespace warren::dcutr
