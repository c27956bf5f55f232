// What STUN finds out about the NAT between a socket and the world, in the words of RFC 4787 and RFC 5780.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "warren/base/time.hpp"
#include "warren/env/endpoint.hpp"

namespace warren::stun {

enum class Behavior {
  kUnknown,  // too few servers answered to tell
  kEndpointIndependent,
  kAddressDependent,
  kAddressAndPortDependent,
};
// "endpoint-independent", "address-dependent", "address-and-port-dependent", "unknown".
std::string_view to_string(Behavior behavior);

// One family's UDP, as seen from the sockets that peers are to reach.
struct NatReport {
  Instant at{};                    // when it was found out
  Endpoint local;                  // the socket that asked; its address may be unspecified
  bool udp = false;                // some server answered
  std::optional<Endpoint> mapped;  // what the first server that answered saw
  // Whether `mapped` is an address of this machine: there is no NAT, though maybe a firewall (filtering).
  bool is_own_address = false;
  Behavior mapping = Behavior::kUnknown;
  Behavior filtering = Behavior::kUnknown;
  std::optional<bool> hairpin;
  // Ports that the servers saw, in the order of asking: neighbours when the NAT counts up.
  std::vector<std::uint16_t> ports;
  std::vector<Endpoint> servers;            // that answered
  std::optional<Duration> round_trip_time;  // of the nearest
};

}  // namespace warren::stun
