// Which ports a NAT will give to new mappings, from those that it has given: pure. Routers that count up hand
// out neighbours, to all hosts behind them and, often, to UDP and TCP alike, so a forecast is worth several
// ports and a second or two.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "warren/core/nat_position.hpp"
#include "warren/protocols/stun/nat_report.hpp"

namespace warren::stun {

// What two mappings that were made one after the other may be apart: others behind the router make some, too.
inline constexpr int kStepMax = 16;

struct PortTrend {
  // Of a hard NAT; kUnknown also when there is none, or all see the same port.
  NatPorts ports = NatPorts::kUnknown;
  int step = 0;  // of sequential ones: from one mapping to the next, when nobody comes between
};

// From the ports of one socket, in the order in which its mappings were made. One neighbour may be out of
// line: datagrams overtake each other, and lost ones are sent again.
PortTrend trend_of(Behavior mapping, std::span<const std::uint16_t> ports);

// The next `count` ports after `seen`, which was given last; the likeliest first, and whatever the step seems
// to be, none between them is left out. None below 1024: counters begin there again.
std::vector<std::uint16_t> forecast(std::uint16_t seen, int step, std::size_t count);

}  // namespace warren::stun
