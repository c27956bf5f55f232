// How a node learns what the network sees of it, stays reachable, and helps others to: a part of its Config.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "warren/env/endpoint.hpp"
#include "warren/multiformats/multiaddr.hpp"
#include "warren/protocols/autonat/reachability.hpp"
#include "warren/protocols/relay/service.hpp"

namespace warren {

struct ReachabilityConfig {
  // What the owner knows: wins over whatever is found out. nullopt: is found out.
  std::optional<autonat::Verdict> reachable;
  // Addresses that lead here though no interface has them, as behind a port forwarded by hand; without /p2p.
  std::vector<Multiaddr> announce;

  // STUN servers besides those that peers offer, by address and port, or name and port ("stun.example:3478").
  std::vector<std::string> stun_servers;
  // Whether public nodes answer STUN for others, and dial back to check their addresses (AutoNAT).
  bool stun_server = true;
  bool autonat_server = true;

  // Relays of one's own, each with /p2p: always wanted, and never given up.
  std::vector<Multiaddr> relays;
  // Whether other relays are looked for and used while others cannot reach us.
  bool use_relays = true;

  // Whether circuits are forwarded for others. nullopt: on the server profile, once it is reachable or nobody
  // has said otherwise.
  std::optional<bool> relay_service;
  relay::ServiceConfig relay;
  // This network is private: relays and their clients at private addresses are as good as public ones. The
  // lan profile says so, too.
  bool private_network = false;
};

}  // namespace warren
