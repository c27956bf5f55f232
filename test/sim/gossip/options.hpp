// What `gossip_sim` is told on its command line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace warren::gossip_sim {

struct Options {
  std::size_t nodes = 1000;  // honest ones
  std::uint64_t seed = 1;
  std::vector<std::size_t> sizes = {1024};  // of messages' data, bytes; a run for each
  std::size_t messages = 60;                // that are measured, in a run
  double rate = 2;                          // messages a second, of all publishers and topics together
  std::size_t topics = 1;                   // everyone subscribes to all of them
  std::size_t publishers = 0;               // nodes that publish; 0: all
  std::size_t dials = 10;                   // connections that a node opens: twice as many on average
  double settle = 15;                       // seconds before anything is measured
  double deadline = 10;                     // seconds; a message that comes later counts as lost
  double churn = 0;                         // percent of the nodes that leave in a minute; as many join
  double graceful = 0.5;                    // the share of those that say goodbye; the others just vanish
  std::string attack;                       // its name (attack.hpp)
  double ratio = 4;                         // sybil connections of a victim for each honest one
  bool matrix = false;                      // all attacks, one after the other
  bool alone = false;                       // leaves out the same run without scores
  bool scoring = true;
  std::string svg;     // a file for the picture
  bool check = false;  // exit status 1 when a promise is broken
  bool twice = false;  // and when the same run comes out otherwise
  bool verbose = false;
};

// The program's exit status where it has nothing to run: a wish for help, or wrong arguments.
std::optional<int> parse(int count, char** arguments, Options& options);

}  // namespace warren::gossip_sim
