#include "warren/node/discovery_config.hpp"

#include <array>
#include <utility>

namespace warren {

namespace {

constexpr std::array<std::pair<Profile, std::string_view>, 3> kNames = {{
    {Profile::kHome, "home"},
    {Profile::kServer, "server"},
    {Profile::kLan, "lan"},
}};

}  // namespace

std::string_view to_string(Profile profile) {
  for (const auto& [value, name] : kNames) {
    if (value == profile) return name;
  }
  return {};
}

Result<Profile> parse_profile(std::string_view text) {
  for (const auto& [value, name] : kNames) {
    if (name == text) return value;
  }
  return fail(Errc::kBadConfig);
}

kad::Mode DiscoveryConfig::mode() const {
  if (dht_mode) return *dht_mode;
  return profile == Profile::kHome ? kad::Mode::kClient : kad::Mode::kServer;
}

bool DiscoveryConfig::wants_mdns() const {
  return mdns.value_or(profile != Profile::kServer);
}

}  // namespace warren
