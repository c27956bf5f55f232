// What others on the network can make this machine do and remember.
#pragma once

#include <cstddef>

#include "warren/base/time.hpp"

namespace warren::mdns {

struct Limits {
  std::size_t neighbors_max = 256;          // an office; a network with more of them has a DHT
  std::size_t neighbor_addresses_max = 16;  // of each: a few cards, two families, two transports
  std::size_t sources_max = 256;            // senders whose packets are counted one by one
  // A sender's packets: all its programs' mDNS at start-up fits, and a packet takes up to a millisecond.
  double source_packets_per_second_max = 20;
  double source_packets_burst_max = 60;
  double packets_per_second_max = 200;
  double packets_burst_max = 400;
  Duration ttl_max = 10min;          // rust-libp2p's is 6 minutes
  std::size_t memberships_max = 32;  // cards and families that we speak at
};

}  // namespace warren::mdns
