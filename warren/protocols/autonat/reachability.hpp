// Which of our addresses others can reach, by what they say: pure policy. An address is offered by who has
// seen it (an interface, identify, STUN, a port mapping, the configuration); peers check it by dialing back;
// the verdict of several of them, from different networks, is believed, with a confidence that decays, and
// flips only against clear evidence (hysteresis). What the configuration says always wins.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "warren/base/time.hpp"
#include "warren/crypto/peer_id.hpp"
#include "warren/multiformats/multiaddr.hpp"

namespace warren::autonat {

enum class Verdict { kUnknown, kReachable, kUnreachable };
std::string_view to_string(Verdict verdict);  // "unknown", "reachable", "unreachable"

// Where we have an address from, the most certain last.
enum class OwnSource { kObserved, kStun, kInterface, kPortMapping, kConfigured };
std::string_view to_string(
    OwnSource source);  // "observed", "stun", "interface", "port-mapping", "configured"

// One of our own addresses.
struct OwnAddress {
  Multiaddr address;
  OwnSource source = OwnSource::kInterface;
  Verdict verdict = Verdict::kUnknown;
  double confidence = 0;            // of the verdict, 0 to 1
  std::vector<PeerId> verified_by;  // who said so last, the newest first; few
  std::optional<Instant> verified_at;
  std::optional<Instant> expires;  // of the verdict: it is unknown again then, unless checked anew
};

}  // namespace warren::autonat
