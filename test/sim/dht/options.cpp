#include "test/sim/dht/options.hpp"

#include <CLI/CLI.hpp>

namespace warren::dht_sim {

Options parse(int count, char** arguments) {
  Options options;
  CLI::App app("A DHT of thousands of nodes in one process and virtual time: real protocol code, no sockets");
  app.add_option("--nodes", options.nodes, "that live")
      ->capture_default_str()
      ->check(CLI::Range(30, 1000000));
  app.add_option("--seed", options.seed, "the same one gives the same run")->capture_default_str();
  app.add_option("--lookups", options.lookups, "of each kind and phase")->capture_default_str();
  app.add_option("--dead", options.dead, "share that dies at once before the first lookup")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 0.9));
  app.add_option("--churn", options.churn, "share that dies in an hour, and is replaced")
      ->capture_default_str();
  app.add_option("--rules", options.rules, "of lookups")
      ->capture_default_str()
      ->check(CLI::IsMember({"warren", "go", "both"}));
  app.add_option("--attack", options.attacked, "keys that sybils move in next to")->capture_default_str();
  app.add_option("--sybils", options.sybils, "at each such key")->capture_default_str();
  app.add_flag("!--no-join", options.join,
               "leaves out the lookups that nodes begin with: large networks take hours");
  app.add_option("--settle", options.settle, "minutes before anything is measured")->capture_default_str();
  app.add_option("--quiet", options.quiet, "minutes of which the traffic is measured")->capture_default_str();
  app.add_option("--minutes", options.minutes, "of lookups under churn")->capture_default_str();
  app.add_option("--transport", options.transport, "how many round trips it takes to connect")
      ->capture_default_str()
      ->check(CLI::IsMember({"quic", "tcp"}));
  app.add_option("--round-trip", options.round_trip, "median, in ms")->capture_default_str();
  app.add_option("--spread", options.spread, "sigma of the lognormal of round trips")->capture_default_str();
  app.add_option("--probe-interval", options.probe_interval, "seconds")->capture_default_str();
  app.add_option("--refresh", options.refresh, "of routing tables, minutes")->capture_default_str();
  app.add_option("--connections", options.connections, "that a node keeps")->capture_default_str();
  app.add_option("--json", options.json, "a file for all figures");
  app.add_flag("--check", options.check, "exit status 1 when a goal is missed");
  app.add_flag("--twice", options.twice, "exit status 1 when the same run comes out otherwise");
  try {
    app.parse(count, arguments);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  return options;
}

}  // namespace warren::dht_sim
