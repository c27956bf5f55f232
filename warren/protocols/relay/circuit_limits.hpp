// What a relay grants each circuit, each way.
// https://github.com/libp2p/specs/blob/master/relay/circuit-v2.md#reservation
#pragma once

#include <cstdint>
#include <string_view>

#include "warren/base/time.hpp"

namespace warren::relay {

inline constexpr std::string_view kHopProtocol = "/libp2p/circuit/relay/0.2.0/hop";
inline constexpr std::string_view kStopProtocol = "/libp2p/circuit/relay/0.2.0/stop";

struct CircuitLimits {
  Duration time_max{};          // zero: no limit
  std::uint64_t bytes_max = 0;  // each way; 0: no limit
  bool operator==(const CircuitLimits&) const = default;
};

}  // namespace warren::relay
