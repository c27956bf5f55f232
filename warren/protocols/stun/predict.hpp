// Asks a STUN server where the NAT in front of us has come to, and says where our next mappings will be.
#pragma once

#include "warren/env/env.hpp"
#include "warren/protocols/stun/nat_report.hpp"

namespace warren::stun {

// The answer is waited for so long, and the question asked again after less than half of it.
inline constexpr Duration kPredictMax = 500ms;
inline constexpr Duration kPredictAgain = 200ms;

// Where peers will see the mappings that the NAT makes next, of whatever socket and destination: `count` of
// them, the likeliest first. It is true for a second or so, and each destination that is sent to takes one.
// Empty when the NAT does not count up (port_forecast.hpp), or nobody answers. `report` is that of the socket
// that is to be met, from a survey. Cancelable; the environment outlives it.
Task<std::vector<Endpoint>> predict(Env& env, NatReport report, std::size_t count);

}  // namespace warren::stun
