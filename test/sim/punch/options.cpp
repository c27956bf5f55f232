#include "test/sim/punch/options.hpp"

#include <CLI/CLI.hpp>

namespace warren::punch_sim {

std::optional<int> parse(int count, char** arguments, Options& options) {
  CLI::App app("Pairs of nodes behind routers of all kinds, in virtual time: how soon their path is direct");
  app.add_option("--seed", options.seed, "the first; the same one gives the same run")->capture_default_str();
  app.add_option("--seeds", options.seeds, "how many, one after the other")->capture_default_str();
  app.add_option("--cells", options.cells, "names or parts of names, as both:PR-SY or tcp:; all without it")
      ->delimiter(',');
  app.add_flag("--list", options.list, "only says which cells there are, and what each must reach");
  app.add_flag("--check", options.check, "exit status 1 when a cell misses what it must reach");
  app.add_flag("--twice", options.twice, "exit status 1 when the same run comes out otherwise");
  app.add_flag("--verbose", options.verbose, "each run, and what both nodes say of it");
  app.add_flag("--trace", options.trace, "each event of each run");
  CLI11_PARSE(app, count, arguments);
  return std::nullopt;
}

}  // namespace warren::punch_sim
