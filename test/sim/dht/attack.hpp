// Sybils that move in next to a key to hide who provides what it stands for (CVE-2023-26248).
#pragma once

#include <memory>
#include <vector>

#include "test/sim/dht/network.hpp"

namespace warren::dht_sim {

struct AttackReport {
  std::size_t keys = 0;
  std::size_t searches = 0;        // three of each key, by nodes drawn by lot
  std::size_t found = 0;           // that named the honest provider
  std::size_t sybils_nearest = 0;  // of the 20 nearest to each key, sybils
  std::vector<Duration> took;      // of the searches
};

// A node announces itself under each of `keys` keys, then three others look for it. With sybils, these are
// there first: they are nearer to the key than anybody else, on addresses far apart, have made themselves
// known to the nodes around the key and to as many others, name only each other, and take provider records
// without keeping them.
Task<AttackReport> provide_and_find(DhtNetwork& network, std::size_t keys, std::size_t sybils);

}  // namespace warren::dht_sim
