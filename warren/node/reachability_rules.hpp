// What a node does about what it knows of its reachability: whether it wants relays, offers to be one, and
// what its owner could do. Pure.
#pragma once

#include <string>
#include <vector>

#include "warren/node/discovery_config.hpp"
#include "warren/node/reachability_config.hpp"

namespace warren {

struct ReachabilityFacts {
  Profile profile = Profile::kHome;
  autonat::Verdict verdict = autonat::Verdict::kUnknown;  // of the best address
  // Others see an address that is not one of this machine's.
  bool behind_nat = false;
  // This machine has a public address, and listens there.
  bool has_public_address = false;
  // It listens at all where other machines could come from.
  bool listens_beyond_loopback = false;
  // STUN servers were asked, and none answered.
  bool udp_blocked = false;
  std::size_t relays_held = 0;
};

// nat.md: a node whose mapped address differs from its local one keeps relays whatever its peers say, since
// what they reach now may be closed in a minute.
bool wants_relays(const ReachabilityConfig& config, const ReachabilityFacts& facts);

// Circuits for others: what the configuration says, else a server that nobody has found unreachable. The
// first node of a network has nobody to ask.
bool offers_relay(const ReachabilityConfig& config, const ReachabilityFacts& facts);

// STUN answers and dialing back for others: whoever is where others can ask.
bool helps_others(const ReachabilityConfig& config, const ReachabilityFacts& facts);

// This network is private by configuration or by profile.
bool is_private_network(const ReachabilityConfig& config, Profile profile);

// A home that others can reach serves the DHT, too.
kad::Mode dht_mode(const DiscoveryConfig& config, autonat::Verdict verdict);

// What would make the node better reachable, the most useful first; a sentence each.
std::vector<std::string> advice(const ReachabilityConfig& config, const ReachabilityFacts& facts);

}  // namespace warren
