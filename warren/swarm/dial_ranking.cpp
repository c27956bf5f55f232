#include "warren/swarm/dial_ranking.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "warren/core/address_scope.hpp"
#include "warren/core/ip_address.hpp"

namespace warren {

namespace {

// In the order of preference.
enum class Kind { kQuic, kWebtransport, kTcp, kOther };
enum class Group { kOnLink, kPublic, kPrivate, kRelayed, kRest };

struct Candidate {
  Multiaddr address;
  Group group = Group::kRest;
  Kind kind = Kind::kOther;
  bool v4 = false;
  bool draft = false;
  // Low ones first: they are more likely the port that the peer listens on than one a NAT made up.
  std::uint16_t port = 0;

  auto rank() const { return std::tuple(kind, v4, draft, port); }
  bool quic() const { return kind == Kind::kQuic || kind == Kind::kWebtransport; }
};

std::uint16_t port_of(const Multiaddr& address, Protocol code) {
  const auto value = address.value_of(code);
  return value ? Component{code, *value}.port() : std::uint16_t{0};
}

Kind kind_of(const Multiaddr& address) {
  if (address.has(Protocol::kWebtransport)) return Kind::kWebtransport;
  if (address.has(Protocol::kQuicV1) || address.has(Protocol::kQuic)) return Kind::kQuic;
  return address.has(Protocol::kTcp) ? Kind::kTcp : Kind::kOther;
}

bool is_on_link(const IpAddress& ip, const LocalNetwork& local) {
  return std::ranges::find(local.addresses, ip) != local.addresses.end() ||
         std::ranges::any_of(local.on_link, [&](const Subnet& subnet) { return subnet.contains(ip); });
}

bool stays_on_this_machine(const Multiaddr& address) {
  return address.has(Protocol::kMemory) || address.has(Protocol::kUnix);
}

Group group_of(const Multiaddr& address, const LocalNetwork& local) {
  if (address.has(Protocol::kP2pCircuit)) return Group::kRelayed;
  if (stays_on_this_machine(address)) return Group::kOnLink;
  const auto ip = ip_address_of(address);
  if (!ip) return Group::kRest;
  const AddressScope scope = scope_of(*ip);
  if (scope == AddressScope::kLoopback || ip->is_link_local() || is_on_link(*ip, local))
    return Group::kOnLink;
  return scope == AddressScope::kPrivate ? Group::kPrivate : Group::kPublic;
}

Candidate candidate_of(const Multiaddr& address, const LocalNetwork& local) {
  Candidate candidate{.address = address, .group = group_of(address, local), .kind = kind_of(address)};
  candidate.v4 = address.has(Protocol::kIp4);
  candidate.draft = !address.has(Protocol::kQuicV1) && address.has(Protocol::kQuic);
  candidate.port = port_of(address, candidate.kind == Kind::kTcp ? Protocol::kTcp : Protocol::kUdp);
  return candidate;
}

struct Delays {
  Duration step;   // from one QUIC or TCP attempt to the next
  Duration other;  // from the last of them to other transports
};
constexpr Delays kPublicDelays{kPublicDialDelay, kPublicOtherDialDelay};
constexpr Delays kPrivateDelays{kPrivateDialDelay, kPrivateOtherDialDelay};

// The attempts of one transport, best first. The best and, when that is IPv6, the best of IPv4 have a step to
// themselves; all others come after them at once. Returns the last delay.
Duration stagger(std::vector<Candidate> candidates, Duration step, Duration start,
                 std::vector<DialAttempt>& attempts) {
  const auto v4 = std::ranges::find(candidates, true, &Candidate::v4);
  const bool both = v4 != candidates.begin() && v4 != candidates.end();
  if (both) std::rotate(std::next(candidates.begin()), v4, std::next(v4));
  Duration delay = start;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (i == 1) delay += step;
    if (i == 2 && both) delay += step;
    attempts.push_back({std::move(candidates[i].address), delay});
  }
  return delay;
}

// Who listens for TCP only learns from TCP connections alone how its NAT maps the port that others are to
// punch at.
bool prefers_tcp(const LocalNetwork& local) {
  const auto listens = [&](Kind kind) {
    return std::ranges::any_of(local.listening, [kind](const Multiaddr& address) {
      return !address.has(Protocol::kP2pCircuit) && kind_of(address) == kind;
    });
  };
  return listens(Kind::kTcp) && !listens(Kind::kQuic);
}

// One group: QUIC, a step later TCP, and the others after them. Or TCP first, which gets more time: its
// handshake takes three round trips more.
void rank_group(std::vector<Candidate> group, const Delays& delays, bool tcp_first, Duration offset,
                std::vector<DialAttempt>& attempts) {
  std::ranges::stable_sort(group, {}, &Candidate::rank);
  std::vector<Candidate> quic, tcp, other;
  for (Candidate& candidate : group) {
    auto& list = candidate.quic() ? quic : candidate.kind == Kind::kTcp ? tcp : other;
    list.push_back(std::move(candidate));
  }
  auto& first = tcp_first ? tcp : quic;
  auto& second = tcp_first ? quic : tcp;
  Duration last = offset;
  Duration second_start = offset;
  if (!first.empty()) {
    last = stagger(std::move(first), delays.step, offset, attempts);
    second_start = last + (tcp_first ? delays.other : delays.step);
  }
  if (!second.empty()) last = stagger(std::move(second), delays.step, second_start, attempts);
  for (Candidate& candidate : other) attempts.push_back({std::move(candidate.address), last + delays.other});
}

std::vector<Candidate> candidates_of(const std::vector<Multiaddr>& addresses, const LocalNetwork& local) {
  std::vector<Candidate> candidates;
  for (const Multiaddr& address : addresses) candidates.push_back(candidate_of(address, local));
  return candidates;
}

// A peer on this machine has one of its addresses, or tells only of loopback ones. What a relay's address is
// says nothing of the peer.
bool is_on_this_machine(const std::vector<Multiaddr>& addresses, const LocalNetwork& local) {
  bool only_loopback = true;
  for (const Multiaddr& address : addresses) {
    const auto ip = ip_address_of(address);
    if (!ip || address.has(Protocol::kP2pCircuit) || ip->is_loopback()) continue;
    if (std::ranges::find(local.addresses, *ip) != local.addresses.end()) return true;
    only_loopback = false;
  }
  return only_loopback;
}

bool has_port(const Multiaddr& address, Protocol code) {
  return !address.has(code) || port_of(address, code) != 0;
}

bool is_reachable(const Multiaddr& address, const LocalNetwork& local, bool loopback) {
  const auto ip = ip_address_of(address);
  if (!ip) return true;
  const AddressScope scope = scope_of(*ip);
  if (scope == AddressScope::kLoopback) return loopback;
  return scope != AddressScope::kUndialable && (ip->is_v4() ? local.ip4 : local.ip6);
}

// A UDP or TCP port of an address: everything up to and with it.
using Socket = std::pair<Multiaddr, Protocol>;

Socket socket_of(const Multiaddr& address, Protocol code) {
  return {address.before_last(code).with_port(code, port_of(address, code)), code};
}

bool is_websocket(const Multiaddr& address) {
  return address.has(Protocol::kWs) || address.has(Protocol::kWss);
}

// The socket at which this address makes others superfluous.
std::optional<Socket> preferred_socket(const Multiaddr& address) {
  const Kind kind = kind_of(address);
  if (kind == Kind::kQuic && address.has(Protocol::kQuicV1)) return socket_of(address, Protocol::kUdp);
  if (kind == Kind::kTcp && !is_websocket(address)) return socket_of(address, Protocol::kTcp);
  return std::nullopt;
}

bool is_superfluous(const Multiaddr& address, const std::set<Socket>& preferred) {
  const bool draft = address.has(Protocol::kQuic);
  if (kind_of(address) == Kind::kWebtransport || draft)
    return preferred.contains(socket_of(address, Protocol::kUdp));
  return is_websocket(address) && preferred.contains(socket_of(address, Protocol::kTcp));
}

void remove_superfluous(std::vector<Multiaddr>& addresses) {
  std::set<Socket> preferred;
  for (const Multiaddr& address : addresses) {
    if (address.has(Protocol::kP2pCircuit)) continue;
    if (auto socket = preferred_socket(address)) preferred.insert(std::move(*socket));
  }
  std::erase_if(addresses, [&](const Multiaddr& address) {
    return !address.has(Protocol::kP2pCircuit) && is_superfluous(address, preferred);
  });
}

// Keeps the best of each transport and family, then the second best of each, and so on.
std::vector<Multiaddr> fair_share(const std::vector<Multiaddr>& addresses, const LocalNetwork& local,
                                  std::size_t attempts_max) {
  std::vector<Candidate> candidates = candidates_of(addresses, local);
  std::ranges::stable_sort(candidates, {}, &Candidate::rank);
  std::map<std::tuple<Group, Kind, bool>, std::size_t> seen;
  std::vector<std::pair<std::size_t, Multiaddr>> turns;
  for (Candidate& candidate : candidates) {
    const std::size_t turn = seen[{candidate.group, candidate.kind, candidate.v4}]++;
    turns.emplace_back(turn, std::move(candidate.address));
  }
  std::ranges::stable_sort(turns, {}, &std::pair<std::size_t, Multiaddr>::first);
  std::vector<Multiaddr> kept;
  for (auto& [turn, address] : turns) {
    if (kept.size() < attempts_max) kept.push_back(std::move(address));
  }
  return kept;
}

}  // namespace

LocalNetwork LocalNetwork::of(std::vector<IpAddress> interfaces, std::vector<Multiaddr> listening) {
  LocalNetwork local{.ip4 = false, .ip6 = false, .listening = std::move(listening)};
  for (const IpAddress& ip : interfaces) {
    const AddressScope scope = scope_of(ip);
    if (scope != AddressScope::kPrivate && scope != AddressScope::kPublic) continue;
    (ip.is_v4() ? local.ip4 : local.ip6) = true;
    if (ip.is_v4() && scope != AddressScope::kPrivate) continue;
    const unsigned prefix_bits = ip.is_v4() ? 24 : 64;
    local.on_link.push_back({masked(ip, prefix_bits), prefix_bits});
  }
  if (!local.ip4 && !local.ip6) local.ip4 = local.ip6 = true;
  local.addresses = std::move(interfaces);
  return local;
}

Multiaddr without_peer(const Multiaddr& address) {
  const bool names_peer = !address.empty() && address.components().back().code == Protocol::kP2p;
  return names_peer ? address.decapsulate_last() : address;
}

std::vector<Multiaddr> dialable_addresses(const std::vector<Multiaddr>& addresses,
                                          const LocalNetwork& local) {
  const bool loopback = is_on_this_machine(addresses, local);
  std::vector<Multiaddr> dialable;
  for (const Multiaddr& given : addresses) {
    if (dialable.size() == kDialCandidatesMax) break;
    const Multiaddr address = without_peer(given);
    if (address.empty() || !has_port(address, Protocol::kTcp) || !has_port(address, Protocol::kUdp)) continue;
    if (!is_reachable(address, local, loopback)) continue;
    if (std::ranges::find(local.listening, address) != local.listening.end()) continue;
    if (std::ranges::find(dialable, address) == dialable.end()) dialable.push_back(address);
  }
  remove_superfluous(dialable);
  return dialable;
}

std::vector<DialAttempt> rank_dials(const std::vector<Multiaddr>& addresses, const LocalNetwork& local) {
  std::map<Group, std::vector<Candidate>> groups;
  for (Candidate& candidate : candidates_of(addresses, local))
    groups[candidate.group].push_back(std::move(candidate));
  const bool on_link = groups.contains(Group::kOnLink);
  const bool direct = on_link || groups.contains(Group::kPublic);
  const bool tcp_first = prefers_tcp(local);
  std::vector<DialAttempt> attempts;
  rank_group(std::move(groups[Group::kOnLink]), kPrivateDelays, tcp_first, {}, attempts);
  rank_group(std::move(groups[Group::kPublic]), kPublicDelays, tcp_first,
             on_link ? kOnLinkHeadStart : Duration{}, attempts);
  rank_group(std::move(groups[Group::kPrivate]), kPrivateDelays, tcp_first, {}, attempts);
  rank_group(std::move(groups[Group::kRelayed]), kPublicDelays, tcp_first,
             direct ? kRelayDialDelay : Duration{}, attempts);
  Duration last{};
  for (const DialAttempt& attempt : attempts) last = std::max(last, attempt.delay);
  for (Candidate& candidate : groups[Group::kRest])
    attempts.push_back({std::move(candidate.address), last + kPublicOtherDialDelay});
  std::ranges::stable_sort(attempts, {}, &DialAttempt::delay);
  return attempts;
}

std::vector<DialAttempt> plan_dials(const std::vector<Multiaddr>& addresses, const LocalNetwork& local,
                                    std::size_t attempts_max) {
  std::vector<Multiaddr> dialable = dialable_addresses(addresses, local);
  std::vector<DialAttempt> attempts = rank_dials(fair_share(dialable, local, attempts_max), local);
  if (attempts.empty()) return attempts;
  const Duration first = attempts.front().delay;
  for (DialAttempt& attempt : attempts) attempt.delay -= first;
  return attempts;
}

}  // namespace warren
