// What `relay_sim` is told on its command line.
#pragma once

#include <cstdint>
#include <optional>

namespace warren::relay_sim {

struct Options {
  std::uint64_t seed = 1;      // the first
  std::size_t seeds = 5;       // so many, one after the other
  double hours = 24;           // of virtual time, each
  std::size_t relays = 6;      // that there are
  double outages = 12;         // of each relay in a day, of any kind
  double outage_minutes = 10;  // mean
  double home_cuts = 3;        // a day, of the node that needs relays
  double moves = 3;            // a day, of the same to another network
  double probe_seconds = 60;   // how often somebody dials the node
  bool check = false;          // exit status 1 when the goal is missed
  bool twice = false;          // and when the same run comes out otherwise
  bool verbose = false;        // what happened, and when
};

// What is wrong with the arguments, or a wish for help, ends the program with the status returned.
std::optional<int> parse(int count, char** arguments, Options& options);

}  // namespace warren::relay_sim
