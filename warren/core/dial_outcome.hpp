// What became of one of a peer's addresses, when a path to the peer was sought.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "warren/base/time.hpp"
#include "warren/crypto/peer_id.hpp"
#include "warren/multiformats/multiaddr.hpp"

namespace warren {

// How a direct path is sought, the plainest first (core/punch.hpp).
enum class PathMeans {
  kDial,     // one side dials, and the other is there
  kPunch,    // both dial each other's mapped addresses at the same instant
  kPredict,  // the same, with ports that a NAT is about to assign
  kSpray,    // many sockets against many ports, until two meet (birthday paradox)
};
std::string_view to_string(PathMeans means);  // "dial", "punch", "predict", "spray"

struct DialOutcome {
  PeerId peer;
  Multiaddr address;
  std::optional<Instant> began;  // nothing: it was left out
  Duration took{};
  std::error_code error;  // none: this one led to the connection, or ended because another one had
  bool won = false;
  std::string why;  // in words, when it did not win
  PathMeans means = PathMeans::kDial;
};

}  // namespace warren
