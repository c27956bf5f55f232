#include "warren/node/reachability_rules.hpp"

namespace warren {

using autonat::Verdict;

bool is_private_network(const ReachabilityConfig& config, Profile profile) {
  return config.private_network || profile == Profile::kLan;
}

bool wants_relays(const ReachabilityConfig& config, const ReachabilityFacts& facts) {
  if (config.reachable == Verdict::kReachable) return false;
  if (!config.relays.empty()) return true;
  if (!config.use_relays || facts.profile == Profile::kLan) return false;
  if (facts.verdict == Verdict::kUnreachable) return true;
  if (facts.profile == Profile::kServer || !facts.listens_beyond_loopback) return false;
  if (facts.behind_nat) return true;
  return !facts.has_public_address && !is_private_network(config, facts.profile);
}

bool offers_relay(const ReachabilityConfig& config, const ReachabilityFacts& facts) {
  if (config.relay_service) return *config.relay_service;
  if (facts.profile != Profile::kServer || facts.verdict == Verdict::kUnreachable) return false;
  return facts.has_public_address || facts.verdict == Verdict::kReachable ||
         is_private_network(config, facts.profile);
}

bool helps_others(const ReachabilityConfig& config, const ReachabilityFacts& facts) {
  if (facts.verdict == Verdict::kUnreachable) return false;
  if (facts.verdict == Verdict::kReachable) return true;
  if (is_private_network(config, facts.profile)) return true;
  return facts.profile == Profile::kServer && facts.has_public_address;
}

kad::Mode dht_mode(const DiscoveryConfig& config, Verdict verdict) {
  if (config.dht_mode) return *config.dht_mode;
  if (config.profile == Profile::kHome && verdict == Verdict::kReachable) return kad::Mode::kServer;
  return config.mode();
}

std::vector<std::string> advice(const ReachabilityConfig& config, const ReachabilityFacts& facts) {
  std::vector<std::string> advice;
  if (facts.udp_blocked) {
    advice.push_back(
        "No STUN server answers: let UDP out through the firewall, or QUIC and direct paths over it fail.");
  }
  const bool lacks_path = facts.verdict == Verdict::kUnreachable || facts.behind_nat;
  if (lacks_path && facts.verdict != Verdict::kReachable) {
    advice.push_back(
        facts.behind_nat
            ? "Others cannot reach this node directly: forward its port, UDP and TCP, on the "
              "router, and name the address outside under announce in [reachability]."
            : "Others cannot reach this node directly: let its port, UDP and TCP, in through the "
              "firewall.");
  }
  if (wants_relays(config, facts) && facts.relays_held == 0) {
    advice.push_back(
        "No relay is held: name one under relays in [relay], or a bootstrap peer that relays or knows one.");
  }
  if (lacks_path && !config.use_relays && config.relays.empty() && facts.verdict != Verdict::kReachable)
    advice.push_back(
        "Relays are switched off: with use = true in [relay] others reach this node through them.");
  return advice;
}

}  // namespace warren
