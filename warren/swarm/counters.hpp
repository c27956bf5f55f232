// What a swarm has done since its start, for metrics.
#pragma once

#include "warren/base/histogram.hpp"

namespace warren {

struct SwarmCounters {
  std::uint64_t opened_inbound = 0;  // connections
  std::uint64_t opened_outbound = 0;
  std::uint64_t closed = 0;
  std::uint64_t handshakes_failed = 0;  // inbound, for any reason but a limit
  std::uint64_t dials_failed = 0;       // whole dials, after all addresses
  std::uint64_t security_redials = 0;   // because the peer did not speak the security that was proposed
  std::uint64_t streams_opened_inbound = 0;
  std::uint64_t streams_opened_outbound = 0;
  std::uint64_t bytes_received = 0;  // over the raw pipes, handshakes included
  std::uint64_t bytes_sent = 0;
  Histogram handshakes_inbound;  // from the raw pipe to the multiplexed connection; successful ones
  Histogram handshakes_outbound;
};

}  // namespace warren
