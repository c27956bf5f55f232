#include "warren/protocols/autonat/dial_policy.hpp"

#include <algorithm>

#include "warren/core/address_scope.hpp"
#include "warren/core/circuit.hpp"
#include "warren/core/ip_address.hpp"
#include "warren/protocols/autonat/address_facts.hpp"

namespace warren::autonat {

namespace {

// Of one v1 question; all of one peer, at one IP.
constexpr std::size_t kAtOnceMax = 4;

using Form = std::vector<Protocol>;

// What follows the IP address.
bool is_known_form(const Multiaddr& address, bool websocket) {
  Form form;
  for (const Component& part : address.components()) form.push_back(part.code);
  form.erase(form.begin());
  if (form == Form{Protocol::kTcp} || form == Form{Protocol::kUdp, Protocol::kQuicV1}) return true;
  return websocket && form == Form{Protocol::kTcp, Protocol::kWs};
}

Multiaddr at_ip(const Multiaddr& address, const IpAddress& ip) {
  Multiaddr moved = Multiaddr().with(ip.is_v4() ? Protocol::kIp4 : Protocol::kIp6, ip.bytes());
  const auto parts = address.components();
  for (std::size_t i = 1; i < parts.size(); ++i) moved = moved.with(parts[i].code, parts[i].value);
  return moved;
}

}  // namespace

std::optional<IpAddress> DialPolicy::observed_ip() const {
  if (is_circuit(observed)) return std::nullopt;
  return ip_address_of(observed);
}

std::optional<Multiaddr> DialPolicy::dialable(BytesView bytes) const {
  const auto address = Multiaddr::from_bytes(bytes);
  if (!address || is_circuit(*address)) return std::nullopt;
  const auto named = PeerId::of(*address);
  if (address->has(Protocol::kP2p) && named != asker) return std::nullopt;
  const Multiaddr plain = without_peer_of(*address);
  const auto key = socket_of(plain);
  if (!key || key->endpoint.port == 0 || !is_known_form(plain, websocket)) return std::nullopt;
  const IpAddress& ip = key->endpoint.address;
  if (!(ip.is_v4() ? ip4 : ip6)) return std::nullopt;
  const AddressScope scope = scope_of(ip);
  if (scope == AddressScope::kUndialable) return std::nullopt;
  if (private_networks) return plain;
  if (scope != AddressScope::kPublic || std::ranges::find(own, ip) != own.end()) return std::nullopt;
  return plain;
}

std::optional<DialPolicy::Choice> DialPolicy::choose(const std::vector<Bytes>& addresses) const {
  const auto from = observed_ip();
  if (!from) return std::nullopt;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    auto address = dialable(addresses[i]);
    if (!address) continue;
    const auto ip = ip_address_of(*address);
    return Choice{static_cast<std::uint32_t>(i), std::move(*address), *ip, *ip != *from};
  }
  return std::nullopt;
}

std::vector<Multiaddr> DialPolicy::at_observed_ip(const std::vector<Bytes>& addresses) const {
  std::vector<Multiaddr> chosen;
  const auto from = observed_ip();
  if (!from) return chosen;
  for (const Bytes& bytes : addresses) {
    const auto named = Multiaddr::from_bytes(bytes);
    if (!named || !ip_address_of(*named) || is_circuit(*named)) continue;
    const auto address = dialable(at_ip(*named, *from).bytes());
    if (!address || std::ranges::find(chosen, *address) != chosen.end()) continue;
    chosen.push_back(*address);
    if (chosen.size() >= kAtOnceMax) break;
  }
  return chosen;
}

}  // namespace warren::autonat
