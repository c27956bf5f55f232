// warren.toml: what the owner of a node sets. Written with a comment for each line, read strictly: a key that
// does nothing is an error, not a surprise.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "warren/base/log.hpp"
#include "warren/base/time.hpp"
#include "warren/multiformats/multiaddr.hpp"
#include "warren/node/config.hpp"

namespace warren::app {

struct ConfigFile {
  std::string network = "main";
  std::vector<Multiaddr> listen;
  std::vector<Multiaddr> bootstrap;
  DiscoveryConfig discovery;
  ReachabilityConfig reachability;
  PunchConfig punch;
  BroadcastConfig broadcast;
  IdentityMode identity = IdentityMode::kBound;
  std::vector<std::string> securities = {"/noise", "/tls/1.0.0"};
  SwarmLimits limits;
  PerfAccess perf = PerfAccess::kLocal;
  websocket::WebsocketConfig websocket;
  std::string metrics;  // "127.0.0.1:9464"; empty: off
  Duration dial_timeout = 15s;
  Duration request_timeout = 30s;
  log::Level log_level = log::Level::kInfo;
};

// Throws Failure (usage) unless it is_network_name (messaging/binding.hpp).
void require_network_name(const std::string& name);

// "bound" or "sm2".
std::string_view name_of(IdentityMode mode);
std::optional<IdentityMode> parse_identity_mode(std::string_view name);

// Throws Failure when it exists or cannot be written. Precondition: a valid name.
void write_config_file(const std::filesystem::path& path, const std::string& network, IdentityMode identity,
                       Profile profile);

// Throws Failure with the file, the line and the key.
ConfigFile read_config_file(const std::filesystem::path& path);

// "debug", "info", "warning" or "error"; throws Failure for anything else.
log::Level parse_log_level(const std::string& text);

// Throws Failure (usage) that names `where` it was written.
Multiaddr parse_address(const std::string& text, const std::string& where);
// The same for one that ends in /p2p/<PeerID>, or is a /dnsaddr.
Multiaddr parse_bootstrap(const std::string& text, const std::string& where);
// The same for one that ends in /p2p/<PeerID>.
Multiaddr parse_peer(const std::string& text, const std::string& where);
// The same for one that ends in /p2p/<PeerID> and leads there directly.
Multiaddr parse_relay(const std::string& text, const std::string& where);

}  // namespace warren::app
