// What `punch_sim` is told on its command line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace warren::punch_sim {

struct Options {
  std::uint64_t seed = 1;          // the first
  std::size_t seeds = 10;          // so many, one after the other
  std::vector<std::string> cells;  // names or parts of names; empty: all
  bool list = false;               // only says which cells there are
  bool check = false;              // exit status 1 when a cell misses what it must reach
  bool twice = false;              // and when the same run comes out otherwise
  bool verbose = false;            // each run, and what both nodes say of it
  bool trace = false;              // each event of each run
};

// What is wrong with the arguments, or a wish for help, ends the program with the status returned.
std::optional<int> parse(int count, char** arguments, Options& options);

}  // namespace warren::punch_sim
