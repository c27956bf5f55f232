// The records that make a node a bootstrap peer of a domain: what bootstrap_dns.hpp reads, written.
#include <algorithm>
#include <string>

#include "warren/core/address_scope.hpp"
#include "warren/core/ip_address.hpp"
#include "warren/node/bootstrap_dns.hpp"

namespace warren {

namespace {

constexpr std::size_t kStringMax = 255;  // of one string of a TXT record (RFC 1035, section 3.3)

struct Place {
  Multiaddr address;  // without /p2p
  std::string host;   // empty: it has an IP address
  std::optional<AddressScope> scope;
  bool udp = false;
  std::uint16_t port = 0;
};

// Of QUIC over UDP and of plain TCP: what SRV records can say.
std::optional<Place> place_of(const Multiaddr& given) {
  if (given.has(Protocol::kP2pCircuit)) return std::nullopt;  // the rest is the relay's
  const Multiaddr address = given.before_last(Protocol::kP2p);
  const auto components = address.components();
  if (components.size() < 2) return std::nullopt;
  const Protocol transport = components[1].code;
  const bool quic =
      transport == Protocol::kUdp && components.size() == 3 && components[2].code == Protocol::kQuicV1;
  const bool tcp = transport == Protocol::kTcp && components.size() == 2;
  if ((!quic && !tcp) || components[1].port() == 0) return std::nullopt;
  Place place{.address = address, .udp = quic, .port = components[1].port()};
  switch (components[0].code) {
    case Protocol::kDns:
    case Protocol::kDns4:
    case Protocol::kDns6:
      place.host = components[0].value_text();
      return is_domain(place.host) ? std::optional(place) : std::nullopt;
    default: break;
  }
  place.scope = scope_of(address);
  if (place.scope == AddressScope::kPublic || place.scope == AddressScope::kPrivate) return place;
  return std::nullopt;
}

bool reaches_all(const Place& place) {
  return !place.host.empty() || place.scope == AddressScope::kPublic;
}

// Those that anybody reaches, and private ones only where there are none.
std::vector<Place> places_of(const std::vector<Multiaddr>& addresses) {
  std::vector<Place> places;
  for (const Multiaddr& address : addresses) {
    if (auto place = place_of(address)) places.push_back(std::move(*place));
  }
  if (std::ranges::any_of(places, reaches_all))
    std::erase_if(places, [](const Place& place) { return !reaches_all(place); });
  return places;
}

// As one or several strings. There is nothing to escape: hosts were looked at, and the rest is numbers and
// base58.
std::string txt_string(std::string_view text) {
  std::string strings;
  for (; !text.empty(); text.remove_prefix(std::min(text.size(), kStringMax)))
    strings += (strings.empty() ? "\"" : " \"") + std::string(text.substr(0, kStringMax)) + "\"";
  return strings;
}

void add_once(std::vector<std::string>& lines, std::string line) {
  if (std::ranges::find(lines, line) == lines.end()) lines.push_back(std::move(line));
}

}  // namespace

std::vector<std::string> bootstrap_zone(std::string_view domain, const PeerId& peer,
                                        const std::vector<Multiaddr>& addresses, std::optional<NodeId> node) {
  const std::vector<Place> places = places_of(addresses);
  if (places.empty() || !is_domain(domain)) return {};
  if (domain.ends_with('.')) domain.remove_suffix(1);
  const std::string zone = std::string(domain) + ".";
  const std::string id = peer.to_string();
  std::vector<std::string> lines = {"; Bootstrap records of " + (node ? node->to_string() : id)};
  for (const Place& place : places) {
    if (!place.host.empty()) continue;
    const auto ip = ip_address_of(place.address);
    if (ip) {
      add_once(lines, "; needs: " + zone + " 300 IN " + (ip->is_v4() ? "A " : "AAAA ") + ip->to_string());
    }
  }
  std::vector<std::string> texts;
  for (const Place& place : places) {
    const std::string name = (place.udp ? "_warren._udp." : "_warren._tcp.") + zone;
    const std::string host = place.host.empty() ? std::string(domain) : place.host;
    add_once(lines, name + " 300 IN SRV 0 0 " + std::to_string(place.port) + " " + host + ".");
    add_once(texts, name + " 300 IN TXT " + txt_string("dnsaddr=/dns/" + host + "/p2p/" + id));
  }
  for (const Place& place : places) {
    const Multiaddr whole = place.address.with(Protocol::kP2p, peer.bytes());
    add_once(texts, "_dnsaddr." + zone + " 300 IN TXT " + txt_string("dnsaddr=" + whole.to_string()));
  }
  std::ranges::move(texts, std::back_inserter(lines));
  return lines;
}

}  // namespace warren
