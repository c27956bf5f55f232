// Simulates broadcast among thousands of nodes: the real gossipsub router, in virtual time. Prints how soon
// messages arrive and what that costs a node, also under churn and under the attacks of the evaluation of
// gossipsub 1.1. The same seed gives the same run: each has its fingerprint.
#include <cstdio>

#include "test/sim/gossip/report.hpp"

using namespace warren::gossip_sim;

namespace {

// False: --twice, and the second run took another course.
bool run_quiet_sizes(const Options& options, Report& report) {
  report.costs_heading();
  for (const std::size_t size : options.sizes) {
    const Outcome outcome = Scenario(options, size, nullptr, options.scoring).run();
    report.costs(outcome);
    if (!options.twice) continue;
    if (Scenario(options, size, nullptr, options.scoring).run().fingerprint != outcome.fingerprint)
      return false;
  }
  return true;
}

bool run_attacks(const Options& options, Report& report) {
  report.attack_heading();
  for (const Attack& attack : attacks()) {
    if (!options.matrix && attack.name != options.attack) continue;
    const Outcome outcome = Scenario(options, options.sizes.front(), &attack, options.scoring).run();
    report.attack(attack, outcome);
    if (options.scoring && !options.alone) {
      report.attack(attack, Scenario(options, options.sizes.front(), &attack, false).run());
    }
    if (!options.twice) continue;
    if (Scenario(options, options.sizes.front(), &attack, options.scoring).run().fingerprint !=
        outcome.fingerprint) {
      return false;
    }
  }
  return true;
}

}  // namespace

int main(int count, char** arguments) {
  Options options;
  if (const auto status = parse(count, arguments, options)) return *status;
  Report report(options);
  const bool attacked = options.matrix || !options.attack.empty();
  const bool same = attacked ? run_attacks(options, report) : run_quiet_sizes(options, report);
  std::printf("CPU %.1f s, at most %.0f MB of memory\n", cpu_seconds(), peak_megabytes());
  report.write_svg();
  if (!same) {
    std::printf("the second run took another course than the first\n");
    return 1;
  }
  if (report.broken() > 0) std::printf("%zu broken\n", report.broken());
  return options.check && report.broken() > 0 ? 1 : 0;
}
