// What `dht_sim` is told on its command line.
#pragma once

#include <cstdint>
#include <string>

namespace warren::dht_sim {

struct Options {
  std::size_t nodes = 500;
  std::uint64_t seed = 1;
  std::size_t lookups = 1000;      // by each set of rules, of each kind, in each phase
  double dead = 0.12;              // the share of the network that dies at once before the first lookup
  double churn = 0.5;              // the share of the network that dies in an hour; as many join
  std::string rules = "warren";    // or "go", or "both"
  std::size_t attacked = 0;        // keys that sybils move in next to
  std::size_t sybils = 40;         // at each of them
  bool join = true;                // the first nodes begin with lookups, as newcomers do
  double settle = 5;               // minutes before anything is measured
  double quiet = 5;                // minutes without lookups, of which the traffic is measured
  double minutes = 10;             // of lookups under churn, after the minute in which the dead are new
  std::string transport = "quic";  // or "tcp": one or two round trips to connect
  double round_trip = 80;          // median, ms
  double spread = 0.6;             // sigma of the lognormal
  double probe_interval = 20;      // s
  double refresh = 10;             // minutes
  std::size_t connections = 32;    // that a node keeps
  std::string json;                // a file for all figures
  bool check = false;              // exit status 1 when a goal is missed
  bool twice = false;              // and when the same run comes out otherwise
};

// What is wrong with the arguments, or a wish for help, ends the program.
Options parse(int count, char** arguments);

}  // namespace warren::dht_sim
