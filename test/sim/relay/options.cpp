#include "test/sim/relay/options.hpp"

#include <CLI/CLI.hpp>

namespace warren::relay_sim {

std::optional<int> parse(int count, char** arguments, Options& options) {
  CLI::App app(
      "Days of a node that is reached through relays only, in virtual time: its relays fail at random");
  app.add_option("--seed", options.seed, "the first; the same one gives the same run")->capture_default_str();
  app.add_option("--seeds", options.seeds, "how many, one after the other")->capture_default_str();
  app.add_option("--hours", options.hours, "of each run")->capture_default_str();
  app.add_option("--relays", options.relays, "that there are")
      ->capture_default_str()
      ->check(CLI::Range(1, 200));
  app.add_option("--outages", options.outages, "of each relay in a day")->capture_default_str();
  app.add_option("--outage-minutes", options.outage_minutes, "mean")->capture_default_str();
  app.add_option("--home-cuts", options.home_cuts, "of the node's own line in a day")->capture_default_str();
  app.add_option("--moves", options.moves, "of the node to another network in a day")->capture_default_str();
  app.add_option("--probe-seconds", options.probe_seconds, "how often somebody dials the node")
      ->capture_default_str();
  app.add_flag("--check", options.check, "exit status 1 when the goal is missed");
  app.add_flag("--twice", options.twice, "exit status 1 when the same run comes out otherwise");
  app.add_flag("--verbose", options.verbose, "what happened, and when");
  CLI11_PARSE(app, count, arguments);
  return std::nullopt;
}

}  // namespace warren::relay_sim
