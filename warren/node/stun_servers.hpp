// STUN servers by name or address, as the configuration has them: "stun.example:3478", "192.0.2.1:3478",
// "[2001:db8::1]:3478".
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "warren/env/env.hpp"

namespace warren {

struct ServerName {
  std::variant<IpAddress, std::string> host;
  std::uint16_t port = 3478;  // RFC 8489, section 8
};

// kBadConfig.
Result<ServerName> parse_server(std::string_view text);

// All addresses of all of them; names that are not found are left out, and told to the log.
Task<std::vector<Endpoint>> resolve_servers(Env* env, std::vector<ServerName> servers);

}  // namespace warren
