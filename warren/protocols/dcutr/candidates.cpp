#include "warren/protocols/dcutr/candidates.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "warren/core/address_scope.hpp"
#include "warren/core/ip_address.hpp"
#include "warren/protocols/dcutr/message.hpp"

namespace warren::dcutr {

namespace {

constexpr std::uint16_t kFirstUserPort = 1024;

// A socket that a punch may aim at.
struct Target {
  Endpoint endpoint;
  Protocol transport = Protocol::kTcp;

  auto operator<=>(const Target&) const = default;
};

// Addresses of an IPv6 form that stand for an IPv4 address, or are out of use: 64:ff9b::/96 (and /48, NAT64),
// 2002::/16 (6to4), 2001::/32 (Teredo), fec0::/10. A NAT64 would lead to private addresses.
bool is_odd_v6(const IpAddress& ip) {
  if (ip.is_v4()) return false;
  const BytesView bytes = ip.bytes();
  const auto begins = [&](std::initializer_list<std::uint8_t> prefix) {
    return std::ranges::equal(prefix, bytes.first(prefix.size()));
  };
  return begins({0x00, 0x64, 0xff, 0x9b}) || begins({0x20, 0x02}) || begins({0x20, 0x01, 0, 0}) ||
         (bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0xc0);
}

// Public or private: what packets to strangers may go to at all.
bool leads_somewhere(const IpAddress& ip) {
  const AddressScope scope = scope_of(ip);
  if (scope != AddressScope::kPublic && scope != AddressScope::kPrivate) return false;
  return !ip.is_link_local() && !is_odd_v6(ip);
}

bool is_public(const IpAddress& ip) {
  return scope_of(ip) == AddressScope::kPublic && leads_somewhere(ip);
}

// The address without the peer's own name at its end; nothing when it is not one to punch at, whoever told
// it.
std::optional<Multiaddr> plain(const Multiaddr& address, const PeerId& peer) {
  Multiaddr bare = address;
  if (address.has(Protocol::kP2p)) {
    if (PeerId::of(address) != peer) return std::nullopt;
    bare = address.decapsulate_last();
  }
  const std::vector<Component> parts = bare.components();
  const bool tcp = parts.size() == 2 && parts[1].code == Protocol::kTcp;
  const bool quic =
      parts.size() == 3 && parts[1].code == Protocol::kUdp && parts[2].code == Protocol::kQuicV1;
  const auto ip = ip_address_of(bare);
  if ((!tcp && !quic) || !ip || parts[1].port() == 0 || !leads_somewhere(*ip)) return std::nullopt;
  return bare;
}

// Precondition: plain() made it.
Target target_of(const Multiaddr& address) {
  const Protocol transport = address.has(Protocol::kTcp) ? Protocol::kTcp : Protocol::kUdp;
  return {endpoint_of(address, transport).value_or(Endpoint{}), transport};
}

// Nobody tells us how long our prefixes are; homes have these.
bool is_same_subnet(const IpAddress& a, const IpAddress& b) {
  if (a.is_v4() != b.is_v4()) return false;
  const std::size_t size = a.is_v4() ? 3 : 8;
  return std::ranges::equal(a.bytes().first(size), b.bytes().first(size));
}

bool is_on_own_subnet(const IpAddress& ip, const std::vector<Multiaddr>& local) {
  return std::ranges::any_of(local, [&](const Multiaddr& address) {
    const auto own = ip_address_of(address);
    return own && is_same_subnet(*own, ip);
  });
}

std::vector<Multiaddr> hard_to_meet(const NatPosition& ours) {
  std::vector<Multiaddr> made;
  for (const IpAddress& outside : ours.outside) {
    for (const Multiaddr& local : ours.local) {
      const auto parts = local.components();
      if (parts.empty() || (parts[0].code == Protocol::kIp4) != outside.is_v4()) continue;
      Multiaddr address = Multiaddr().with(parts[0].code, outside.bytes());
      for (std::size_t i = 1; i < parts.size(); ++i) address = address.with(parts[i].code, parts[i].value);
      made.push_back(std::move(address));
    }
  }
  return made;
}

// Collects what is tried, within the bounds.
class Picker {
 public:
  Picker(const Situation& situation, bool local_too) : situation_(situation), local_too_(local_too) {
    for (const auto* own : {&situation.ours.addresses, &situation.ours.local}) {
      for (const Multiaddr& address : *own) {
        if (const auto bare = plain(address, situation.peer)) seen_.insert(target_of(*bare));
      }
    }
    for (const Multiaddr& address : situation.known) {
      if (const auto bare = plain(address, situation.peer)) known_.insert(target_of(*bare));
    }
  }

  void offer(const Multiaddr& address) {
    const auto bare = plain(address, situation_.peer);
    if (!bare || picked_.size() >= kTriedMax) return;
    const Target target = target_of(*bare);
    if (target.endpoint.port < kFirstUserPort && !known_.contains(target)) return;
    if (seen_.contains(target) || !has_place(target.endpoint.address)) return;
    seen_.insert(target);
    picked_.push_back(*bare);
  }

  std::vector<Multiaddr> take() { return std::move(picked_); }

 private:
  bool has_place(const IpAddress& ip) {
    if (situation_.private_networks || is_public(ip)) {
      return at(far_, ip, kTriedPublicIpsMax, kTriedMax);
    }
    if (!local_too_ || !is_on_own_subnet(ip, situation_.ours.local)) return false;
    return at(near_, ip, kTriedLocalIpsMax, kTriedAtLocalIpMax);
  }

  static bool at(std::map<IpAddress, std::size_t>& ips, const IpAddress& ip, std::size_t ips_max,
                 std::size_t at_ip_max) {
    if (!ips.contains(ip) && ips.size() >= ips_max) return false;
    std::size_t& count = ips[ip];
    if (count >= at_ip_max) return false;
    ++count;
    return true;
  }

  const Situation& situation_;
  bool local_too_;
  std::set<Target> seen_;   // our own, and those that are picked already
  std::set<Target> known_;  // the peer's, from elsewhere
  std::map<IpAddress, std::size_t> far_;
  std::map<IpAddress, std::size_t> near_;
  std::vector<Multiaddr> picked_;
};

}  // namespace

bool shares_outside(const Situation& situation, const std::vector<Multiaddr>& heard) {
  const auto is_ours = [&](const IpAddress& ip) {
    return is_public(ip) && std::ranges::find(situation.ours.outside, ip) != situation.ours.outside.end();
  };
  const auto is_at_ours = [&](const Multiaddr& address) {
    const auto ip = ip_address_of(address);
    return ip && !address.has(Protocol::kP2pCircuit) && is_ours(*ip);
  };
  return std::ranges::any_of(situation.known, is_at_ours) || std::ranges::any_of(heard, is_at_ours) ||
         std::ranges::any_of(situation.seen_at, is_ours);
}

Told to_tell(const Situation& situation, const std::vector<Multiaddr>& heard,
             const std::vector<Multiaddr>& predicted, bool many) {
  Told told;
  const std::size_t most = many ? kTriedMax : kToldToStockMax;
  const auto add = [&](const Multiaddr& address, bool local) {
    const auto bare = plain(address, {});
    if (!bare || told.addresses.size() >= most) return false;
    const auto ip = ip_address_of(*bare);
    if (!local && !situation.private_networks && !is_public(*ip)) return false;
    if (std::ranges::find(told.addresses, *bare) != told.addresses.end()) return false;
    told.addresses.push_back(*bare);
    return true;
  };
  std::size_t guesses = 0;
  for (const Multiaddr& address : predicted) {
    if (guesses >= (many ? kPredictedMax : kPredictedToStockMax)) break;
    if (add(address, false)) ++guesses;
  }
  // Who is behind the same NAT is met without it.
  if (shares_outside(situation, heard)) {
    for (const Multiaddr& address : situation.ours.local) add(address, true);
  }
  for (const Multiaddr& address : situation.ours.addresses) add(address, false);
  if (told.addresses.empty() && situation.ours.is_hard()) {
    for (const Multiaddr& address : hard_to_meet(situation.ours)) add(address, false);
  }
  told.predicted = guesses > 0;
  told.addresses.resize(count_that_fit(told.addresses));
  return told;
}

std::vector<Multiaddr> to_try(const Situation& situation, const std::vector<Multiaddr>& heard) {
  Picker picker(situation, shares_outside(situation, heard));
  for (const Multiaddr& address : heard) picker.offer(address);
  return picker.take();
}

}  // namespace warren::dcutr
