// How much of the node others can take up, in one place.
#pragma once

#include <cstddef>

#include "warren/base/time.hpp"

namespace warren {

struct SwarmLimits {
  // Inbound connections whose handshake is not done. Each costs a socket and about 100 KiB; further ones are
  // closed at once, and those who are slow (slowloris) end by handshake_timeout.
  std::size_t half_open_max = 128;
  // All connections, both directions. An idle one costs about 12 KiB.
  std::size_t connections_max = 1024;
  // From one peer: a second one may come from simultaneous dials, further ones serve nobody.
  std::size_t connections_per_peer_max = 8;
  // Inbound streams that are being served, per connection; further ones are reset.
  std::size_t handlers_per_connection_max = 512;
  // Addresses of one peer that one dial tries.
  std::size_t dial_addresses_max = 16;

  // From the first byte to a secured and multiplexed connection.
  Duration handshake_timeout = 10s;
  // For an inbound stream to name its protocol.
  Duration negotiation_timeout = 10s;
  // One address of a dial, with the handshake.
  Duration dial_attempt_timeout = 5s;
  // A whole dial.
  Duration dial_timeout = 15s;
};

}  // namespace warren
