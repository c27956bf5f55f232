// What a domain's records say when they are put together: the pure half of bootstrap_dns.hpp.
#include <algorithm>
#include <string>

#include "warren/node/bootstrap_dns.hpp"

namespace warren {

namespace {

std::string lower_case(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (text.ends_with('.')) text.pop_back();
  return text;
}

// What one TXT record says about whom.
struct Claim {
  PeerId peer;
  std::string host;                   // empty: of an IP address, or of none
  std::optional<std::uint16_t> port;  // of the transport
  bool is_whole = false;              // can be dialed
};

std::optional<Claim> claim_of(const Multiaddr& address) {
  const auto peer = PeerId::of(address);
  if (!peer || address.has(Protocol::kDnsaddr)) return std::nullopt;
  Claim claim{.peer = *peer};
  for (const Component& component : address.components()) {
    switch (component.code) {
      case Protocol::kDns:
      case Protocol::kDns4:
      case Protocol::kDns6:
        if (claim.host.empty()) claim.host = lower_case(component.value_text());
        break;
      case Protocol::kTcp:
      case Protocol::kUdp:
        if (!claim.port) claim.port = component.port();
        break;
      default: break;
    }
  }
  claim.is_whole = address.components().front().code != Protocol::kP2p && claim.port.has_value();
  return claim;
}

// The peers that run at a target: those of the claims about its host, with its port where one has it.
std::vector<PeerId> peers_at(const std::vector<Claim>& claims, const ServiceRecord& service) {
  const std::string host = lower_case(service.target);
  std::vector<PeerId> peers;
  const auto add_all = [&](const auto& counts) {
    for (const Claim& claim : claims) {
      if (counts(claim) && std::ranges::find(peers, claim.peer) == peers.end()) peers.push_back(claim.peer);
    }
    return !peers.empty();
  };
  if (add_all([&](const Claim& c) { return c.host == host && c.port == service.port; })) return peers;
  if (add_all([&](const Claim& c) { return c.host == host; })) return peers;
  if (add_all([](const Claim& c) { return c.host.empty() && !c.is_whole; })) return peers;
  add_all([](const Claim&) { return true; });
  if (peers.size() > 1) peers.clear();  // nobody knows which
  return peers;
}

void add(std::vector<Multiaddr>& addresses, Multiaddr address) {
  const bool known = std::ranges::find(addresses, address) != addresses.end();
  if (!known && addresses.size() < kDomainAddressesMax) addresses.push_back(std::move(address));
}

Multiaddr address_of(const ServiceRecord& service, bool udp) {
  const Multiaddr host = Multiaddr().with(Protocol::kDns, as_bytes(service.target));
  if (!udp) return host.with_port(Protocol::kTcp, service.port);
  return host.with_port(Protocol::kUdp, service.port).with(Protocol::kQuicV1);
}

std::string port_text(const ServiceRecord& service) {
  return service.target + " port " + std::to_string(service.port);
}

}  // namespace

DomainAnswer join_records(std::string_view domain, const std::vector<ServiceRecord>& udp,
                          const std::vector<ServiceRecord>& tcp, const std::vector<Multiaddr>& texts) {
  DomainAnswer answer;
  std::vector<Claim> claims;
  std::vector<Multiaddr> whole;
  for (const Multiaddr& text : texts) {
    const auto claim = claim_of(text);
    if (!claim) continue;
    claims.push_back(*claim);
    if (claim->is_whole) whole.push_back(text);
  }
  for (const bool is_udp : {true, false}) {
    for (const ServiceRecord& service : is_udp ? udp : tcp) {
      const std::vector<PeerId> peers = service.port == 0 ? std::vector<PeerId>() : peers_at(claims, service);
      for (const PeerId& peer : peers)
        add(answer.addresses, address_of(service, is_udp).with(Protocol::kP2p, peer.bytes()));
      if (!peers.empty()) continue;
      const std::string name = std::string(is_udp ? "_warren._udp." : "_warren._tcp.") + std::string(domain);
      answer.warnings.push_back("nobody knows which peer runs at " + port_text(service) + " (SRV of " + name +
                                "): add a TXT record \"dnsaddr=/dns/" + lower_case(service.target) +
                                "/p2p/<PeerID>\" to " + name);
    }
  }
  for (Multiaddr& address : whole) add(answer.addresses, std::move(address));
  return answer;
}

}  // namespace warren
