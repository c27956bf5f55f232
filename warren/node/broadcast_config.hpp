// How a node takes part in topics: a part of its Config.
#pragma once

#include <cstdint>
#include <vector>

#include "warren/base/time.hpp"
#include "warren/multiformats/multiaddr.hpp"

namespace warren {

struct BroadcastConfig {
  // Off: no topic protocol is spoken, and subscribing throws kBadConfig.
  bool enabled = true;
  // The size of a topic's mesh; the other sizes follow from it (half as much again at most, three quarters at
  // least).
  std::size_t mesh_size = 8;
  Duration heartbeat_interval = 1s;
  // Peers are scored for how they behave (gossipsub 1.1).
  bool scoring = true;
  // Peers that leave a mesh are told others to try. For well connected public nodes.
  bool peer_exchange = false;
  // Peers of a topic are looked for in the DHT while there are fewer than the mesh wants.
  bool find_peers = true;
  // Explicit peers, each with /p2p: always connected and sent to. Both sides must name each other.
  std::vector<Multiaddr> direct;
  // Bytes of reliable topics' messages that are kept for others.
  std::uint64_t kept_bytes_max = 256 * 1024 * 1024;
};

}  // namespace warren
