// One run: what happens to relays and to the node's own line, when, and whether the node was reachable
// meanwhile.
#pragma once

#include "test/sim/relay/network.hpp"
#include "test/sim/relay/options.hpp"

namespace warren::relay_sim {

struct Outcome {
  std::uint64_t seconds = 0;      // in which some relay could serve the node
  std::uint64_t unreachable = 0;  // of these
  std::uint64_t longest = 0;      // in a row
  std::uint64_t probes = 0;       // while the node was reachable
  std::uint64_t probes_failed = 0;
  std::uint64_t outages = 0;
  std::uint64_t fingerprint = 0xcbf29ce484222325;

  double reachable() const {
    return seconds == 0 ? 1 : 1 - static_cast<double>(unreachable) / static_cast<double>(seconds);
  }
};

Outcome live_through(std::uint64_t seed, const Options& options);

}  // namespace warren::relay_sim
