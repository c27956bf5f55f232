// Lookups in the simulated network, by Warren's rules and by go-libp2p-kad-dht's, and what came of them.
#pragma once

#include <string>
#include <system_error>
#include <vector>

#include "test/sim/dht/network.hpp"

namespace warren::dht_sim {

enum class Rules { kWarren, kGo };
enum class Kind {
  kFind,     // find_peer: ends when the peer is reached
  kClosest,  // closest_peers: ends when the 20 nearest are known
};

struct Outcome {
  Rules rules = Rules::kWarren;
  Kind kind = Kind::kFind;
  bool ok = false;  // of kClosest: it ended with an answer
  std::error_code error;
  Duration took{};
  std::size_t hops = 0;
  std::size_t questions = 0;
  std::size_t failed = 0;
  double complete = 0;  // of kClosest: the share of the 20 nearest living nodes that it found
};

// Calls `lookups` of each kind by each of the rules, evenly over `span`, at nodes and for targets drawn by
// lot. Those whose target died meanwhile are left out.
Task<void> look_up(DhtNetwork& network, std::vector<Rules> rules, std::size_t lookups, Duration span,
                   std::vector<Outcome>& outcomes);

}  // namespace warren::dht_sim
