// In which order, and how long after each other, the addresses of a peer are dialed: the faster transport and
// the shorter path first, the next one soon after, so that a dead path costs one delay and no time-out (happy
// eyeballs, RFC 8305). The groups and delays are those of go-libp2p's DefaultDialRanker; but who listens for
// TCP only dials that first.
#pragma once

#include <vector>

#include "warren/base/time.hpp"
#include "warren/multiformats/multiaddr.hpp"
#include "warren/swarm/subnet.hpp"

namespace warren {

// Between one attempt and the next. Among public addresses, and on the local network.
inline constexpr Duration kPublicDialDelay = 250ms;
inline constexpr Duration kPrivateDialDelay = 30ms;
// Of transports that are neither QUIC, WebTransport, TCP nor WebSocket, after the last of those.
inline constexpr Duration kPublicOtherDialDelay = 1s;
inline constexpr Duration kPrivateOtherDialDelay = 100ms;
// Of relayed addresses, when there are direct ones.
inline constexpr Duration kRelayDialDelay = 500ms;
// How much longer public addresses wait when the peer may be on our own link.
inline constexpr Duration kOnLinkHeadStart = 30ms;

// Candidates that are looked at, as many as go-libp2p resolves for one peer; further ones are left out.
inline constexpr std::size_t kDialCandidatesMax = 100;

struct DialAttempt {
  Multiaddr address;
  Duration delay{};  // since the dial began
  bool operator==(const DialAttempt&) const = default;
};

// What this machine has.
struct LocalNetwork {
  bool ip4 = true;  // it has an address that leads out
  bool ip6 = true;
  std::vector<IpAddress> addresses;  // its own, of interfaces that are up
  std::vector<Subnet> on_link;       // whom it reaches without a router
  std::vector<Multiaddr> listening;  // where it listens: dialing that would reach ourselves

  // `interfaces`: Network::interface_addresses(). The prefixes of its links are not known, so the usual ones
  // are assumed: /24 for private IPv4 and /64 for IPv6 addresses. When there is none but loopback, the
  // addresses may not be known, and both families are taken to work.
  static LocalNetwork of(std::vector<IpAddress> interfaces, std::vector<Multiaddr> listening = {});
};

// Without the /p2p at its end, if there is one.
Multiaddr without_peer(const Multiaddr& address);

// Those that are worth an attempt, each once, in their order, without a /p2p at the end. Left out are
// - addresses that nobody can dial: unspecified, multicast, IPv6 link-local, port 0;
// - our own, and those of a family that this machine has not;
// - loopback ones, unless the peer is on this machine: one of its addresses is ours, or it has no others;
// - QUIC draft 29 and WebTransport where the same UDP port speaks QUIC v1, WebSocket where the same TCP port
//   speaks plain TCP: it would be the same path once more.
std::vector<Multiaddr> dialable_addresses(const std::vector<Multiaddr>& addresses, const LocalNetwork& local);

// All of them, with their delays and by their delays. For equal delays on-link addresses go first, public
// ones next.
std::vector<DialAttempt> rank_dials(const std::vector<Multiaddr>& addresses, const LocalNetwork& local);

// What a dialer does: the above of both, at most `attempts_max` (of each transport and family some, so that a
// long list of one kind does not push out the others), the first without delay.
std::vector<DialAttempt> plan_dials(const std::vector<Multiaddr>& addresses, const LocalNetwork& local,
                                    std::size_t attempts_max);

}  // namespace warren
