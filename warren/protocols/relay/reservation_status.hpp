// A reservation at a relay, as its holder sees it.
#pragma once

#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

#include "warren/base/time.hpp"
#include "warren/crypto/peer_id.hpp"
#include "warren/multiformats/multiaddr.hpp"
#include "warren/protocols/relay/circuit_limits.hpp"

namespace warren::relay {

enum class ReservationState { kWanted, kReserving, kHeld, kRenewing, kBackoff };
std::string_view to_string(ReservationState state);  // "wanted", "reserving", "held", "renewing", "backoff"

struct ReservationStatus {
  PeerId relay;
  ReservationState state = ReservationState::kWanted;
  bool configured = false;  // never given up
  std::optional<Instant> held_since;
  std::optional<Instant> expires;
  std::optional<Instant> next_try;          // of kBackoff
  std::optional<Duration> round_trip_time;  // to the relay
  CircuitLimits limits;                     // of circuits through it
  std::vector<Multiaddr> addresses;         // ours through it, /.../p2p/RELAY/p2p-circuit, without our /p2p
  std::error_code error;                    // of the last try, when it failed
};

}  // namespace warren::relay
