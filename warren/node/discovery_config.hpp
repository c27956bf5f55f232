// How a node finds others and lets itself be found: a part of its Config.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "warren/multiformats/multiaddr.hpp"
#include "warren/protocols/kad/kad.hpp"

namespace warren {

// What kind of machine the node runs on; decides what the other settings leave open.
enum class Profile {
  kHome,    // behind somebody's router: a DHT client until it is known to be reachable; mDNS
  kServer,  // reachable by all: a DHT server; no mDNS, nobody near is looked for
  kLan,     // among machines that reach each other: a DHT server; mDNS
};

std::string_view to_string(Profile profile);
// "home", "server", "lan". kBadConfig.
Result<Profile> parse_profile(std::string_view text);

struct DiscoveryConfig {
  Profile profile = Profile::kHome;

  // The network's own DHT, "/warren/<network>/kad/1.0.0".
  bool dht = true;
  // nullopt: as the profile says. Of all DHTs that the node is in.
  std::optional<kad::Mode> dht_mode;
  // The DHT of the public libp2p network ("/ipfs/kad/1.0.0"), and its LAN one ("/ipfs/lan/kad/1.0.0").
  bool public_dht = false;
  bool public_lan_dht = false;

  // nullopt: as the profile says.
  std::optional<bool> mdns;

  // Domains that name bootstrap peers: SRV `_warren._udp.<domain>` and `_warren._tcp.<domain>` with TXT
  // `dnsaddr=` beside them (bootstrap_dns.hpp).
  std::vector<std::string> bootstrap_domains;

  // Rendezvous points, each with /p2p, at which the node registers under its network's name and looks for
  // others; and whether it is one itself.
  std::vector<Multiaddr> rendezvous_points;
  bool rendezvous_server = false;

  kad::Mode mode() const;
  bool wants_mdns() const;
};

}  // namespace warren
