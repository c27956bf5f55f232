// Simulates days of a node that is reached through relays only, whose relays crash, lose power, are cut off,
// full, or forget it: the real protocol code, in virtual time. Prints what share of the time in which some
// relay could serve it the node was reachable. The same seed gives the same run.
#include <algorithm>
#include <cinttypes>
#include <cstdio>

#include "test/sim/relay/day.hpp"

using namespace warren::relay_sim;

namespace {

constexpr double kGoal = 0.999;

}  // namespace

int main(int count, char** arguments) {
  Options options;
  if (const auto status = parse(count, arguments, options)) return *status;
  Outcome all;
  double worst = 1;
  for (std::uint64_t seed = options.seed; seed < options.seed + options.seeds; ++seed) {
    const Outcome one = live_through(seed, options);
    std::printf("seed %-6" PRIu64 " reachable %8.4f %%  longest gap %4" PRIu64 " s  outages %4" PRIu64
                "  probes %5" PRIu64 " failed %" PRIu64 "  fingerprint %016" PRIx64 "\n",
                seed, 100 * one.reachable(), one.longest, one.outages, one.probes, one.probes_failed,
                one.fingerprint);
    std::fflush(stdout);
    if (options.twice && live_through(seed, options).fingerprint != one.fingerprint) {
      std::printf("the second run took another course than the first\n");
      return 1;
    }
    all.seconds += one.seconds;
    all.unreachable += one.unreachable;
    all.longest = std::max(all.longest, one.longest);
    all.outages += one.outages;
    all.probes += one.probes;
    all.probes_failed += one.probes_failed;
    worst = std::min(worst, one.reachable());
  }
  std::printf("all         reachable %8.4f %%  worst %8.4f %%  goal >= %.1f %%  probes %" PRIu64
              " failed %" PRIu64 "\n",
              100 * all.reachable(), 100 * worst, 100 * kGoal, all.probes, all.probes_failed);
  const bool met = worst >= kGoal && all.probes_failed * 1000 <= all.probes;
  return options.check && !met ? 1 : 0;
}
