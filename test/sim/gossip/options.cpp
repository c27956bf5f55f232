#include "test/sim/gossip/options.hpp"

#include <CLI/CLI.hpp>

#include "test/sim/gossip/attack.hpp"

namespace warren::gossip_sim {

std::optional<int> parse(int count, char** arguments, Options& options) {
  CLI::App app(
      "Broadcast among thousands of nodes in one process and virtual time: the real gossipsub router");
  app.add_option("--nodes", options.nodes, "honest ones")
      ->capture_default_str()
      ->check(CLI::Range(20, 1'000'000));
  app.add_option("--seed", options.seed, "the same one gives the same run")->capture_default_str();
  app.add_option("--sizes,--size", options.sizes, "of messages, bytes; a run for each")
      ->capture_default_str()
      ->delimiter(',')
      ->check(CLI::Range(16, 900'000));
  app.add_option("--messages", options.messages, "that are measured, without attack")->capture_default_str();
  app.add_option("--rate", options.rate, "messages a second, of all together")->capture_default_str();
  app.add_option("--topics", options.topics, "everyone subscribes to all")
      ->capture_default_str()
      ->check(CLI::Range(1, 100));
  app.add_option("--publishers", options.publishers, "nodes that publish; 0: all")->capture_default_str();
  app.add_option("--dials", options.dials, "connections that a node opens")->capture_default_str();
  app.add_option("--settle", options.settle, "seconds before anything is measured")->capture_default_str();
  app.add_option("--deadline", options.deadline, "seconds; what comes later is lost")->capture_default_str();
  app.add_option("--churn", options.churn, "percent of the nodes that leave in a minute, and are replaced")
      ->capture_default_str();
  app.add_option("--graceful", options.graceful, "the share of those that say goodbye")
      ->capture_default_str();
  app.add_option("--attack", options.attack, "one of the evaluation of gossipsub 1.1")
      ->check(CLI::IsMember(attack_names()));
  app.add_option("--ratio", options.ratio, "sybil connections of a victim for each honest one")
      ->capture_default_str();
  app.add_flag("--matrix", options.matrix, "all attacks, one after the other");
  app.add_flag("--alone", options.alone, "leaves out the same attack without scores");
  app.add_flag("!--no-scoring", options.scoring, "nobody is scored");
  app.add_option("--svg", options.svg, "a file for the picture of how soon messages arrive");
  app.add_flag("--check", options.check, "exit status 1 when a promise is broken");
  app.add_flag("--twice", options.twice, "exit status 1 when the same run comes out otherwise");
  app.add_flag("--verbose", options.verbose, "more of each run");
  CLI11_PARSE(app, count, arguments);
  return std::nullopt;
}

}  // namespace warren::gossip_sim
