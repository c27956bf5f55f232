// The figures of a run, as a table and as JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "test/sim/dht/attack.hpp"
#include "test/sim/dht/lookups.hpp"

namespace warren::dht_sim {

// What the process used so far.
struct Usage {
  double cpu_seconds = 0;
  double resident_bytes = 0;
  double heap_bytes = 0;  // of which in use; without what the allocator keeps
  static Usage now();
};

// What the network did in a while.
struct Traffic {
  Duration virtual_time{};
  double nodes = 0;
  double cpu_seconds = 0;
  sim::CrowdCounters counters;
};

// Notes the state of the network, and says what happened since.
class Meter {
 public:
  explicit Meter(DhtNetwork& network)
      : network_(network),
        began_(network.crowd().now()),
        usage_(Usage::now()),
        counters_(network.crowd().counters()) {}
  Traffic read() const;

 private:
  DhtNetwork& network_;
  Instant began_;
  Usage usage_;
  sim::CrowdCounters counters_;
};

class Report {
 public:
  explicit Report(const Options& options) : options_(options) {}

  void heading(const std::string& text);
  void line(const std::string& name, double value, const std::string& unit);
  // One row for each rules and kind among them. `phase` names it in the JSON.
  void lookups(const std::string& phase, const std::vector<Outcome>& outcomes);
  // A node a minute, and its cryptography.
  void traffic(const std::string& phase, const Traffic& traffic);
  void attack(const std::string& name, const AttackReport& report);

  // A goal that was missed is said, and counted.
  void goal(const std::string& what, double value, bool met);
  std::size_t missed() const { return missed_; }
  void write_json(const std::string& path) const;

  // Of those rules and that kind.
  struct Row {
    std::size_t count = 0;
    double success = 0, p50 = 0, p95 = 0, p99 = 0, hops = 0, questions = 0, failed = 0, complete = 0;
    std::vector<double> ms;  // sorted
  };
  static Row row(const std::vector<Outcome>& outcomes, Rules rules, Kind kind);

 private:
  Options options_;
  nlohmann::ordered_json json_;
  std::size_t missed_ = 0;
};

}  // namespace warren::dht_sim
