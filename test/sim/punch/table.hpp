// What many runs come to: rates per cell, of what can be punched, and of all.
#pragma once

#include <map>

#include "test/sim/punch/meeting.hpp"

namespace warren::punch_sim {

class Table {
 public:
  void add(const Cell& cell, const Outcome& outcome);
  void print() const;
  // What is missed, a line each.
  std::vector<std::string> misses() const;

 private:
  struct Row {
    Cell cell;
    std::size_t runs = 0;
    std::size_t answered = 0;
    std::size_t direct = 0;
    std::size_t in_time = 0;
    std::size_t first_try = 0;
    std::size_t mappings = 0;
    std::vector<Duration> times{};
    std::map<std::string, std::size_t> reasons{};
    std::size_t clear = 0;  // runs over links that lose nothing
    std::size_t clear_in_time = 0;
  };
  static void print(const std::string& name, const Row& row);
  Row sum(bool punchable_only) const;

  std::map<std::string, std::size_t> index_;
  std::vector<Row> rows_;
};

}  // namespace warren::punch_sim
