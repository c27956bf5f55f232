// The figures of runs as tables, and the promises that they keep or break.
#pragma once

#include <string>
#include <vector>

#include "test/sim/gossip/plot.hpp"
#include "test/sim/gossip/scenario.hpp"

namespace warren::gossip_sim {

class Report {
 public:
  explicit Report(const Options& options) : options_(options) {}

  // Of runs without attack: a row each.
  void costs_heading() const;
  void costs(const Outcome& outcome);
  // Of attacks: a row for each phase.
  void attack_heading() const;
  void attack(const Attack& attack, const Outcome& outcome);

  void write_svg() const;
  std::size_t broken() const { return broken_; }

 private:
  // A promise that is broken is said, and counted.
  void promise(const std::string& what, double value, bool kept);

  Options options_;
  std::vector<Curve> curves_;
  std::size_t broken_ = 0;
};

// What the process used so far.
double cpu_seconds();
double peak_megabytes();

}  // namespace warren::gossip_sim
