#include "test/sim/punch/table.hpp"

#include <algorithm>
#include <cstdio>

namespace warren::punch_sim {

namespace {

// Of the runs over links that lose packets; without loss all of them.
constexpr double kShare = 0.95;
constexpr double kShareOfCell = 0.85;
constexpr std::size_t kTold = 10;  // a share of fewer runs says little

double percent(std::size_t part, std::size_t whole) {
  return whole == 0 ? 100 : 100 * static_cast<double>(part) / static_cast<double>(whole);
}

double seconds(const std::vector<Duration>& sorted, double part) {
  if (sorted.empty()) return 0;
  return to_ms(sorted[static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1))]) / 1000;
}

}  // namespace

void Table::add(const Cell& cell, const Outcome& outcome) {
  const auto [place, is_new] = index_.emplace(cell.name(), rows_.size());
  if (is_new) rows_.push_back({.cell = cell});
  Row& row = rows_[place->second];
  ++row.runs;
  row.answered += outcome.answered ? 1 : 0;
  row.direct += outcome.direct ? 1 : 0;
  row.in_time += outcome.in_time(cell) ? 1 : 0;
  row.first_try += outcome.first_try ? 1 : 0;
  row.mappings = std::max(row.mappings, outcome.mappings);
  if (outcome.direct) row.times.push_back(*outcome.direct);
  if (!outcome.direct && outcome.reason) ++row.reasons[std::string(to_string(*outcome.reason))];
  if (outcome.weather.loss > 0) return;
  ++row.clear;
  row.clear_in_time += outcome.in_time(cell) ? 1 : 0;
}

Table::Row Table::sum(bool punchable_only) const {
  Row all;
  for (const Row& row : rows_) {
    if (punchable_only && !row.cell.is_punchable()) continue;
    all.runs += row.runs;
    all.answered += row.answered;
    all.direct += row.direct;
    all.in_time += row.in_time;
    all.first_try += row.first_try;
    all.mappings = std::max(all.mappings, row.mappings);
    all.times.insert(all.times.end(), row.times.begin(), row.times.end());
  }
  return all;
}

void Table::print(const std::string& name, const Row& row) {
  std::vector<Duration> times = row.times;
  std::ranges::sort(times);
  std::string reasons;
  for (const auto& [reason, count] : row.reasons) reasons += " " + reason + " " + std::to_string(count);
  std::printf("%-22s %6zu %9.1f %8.1f %8.1f %9.1f %8.2f %8.2f %8.2f %8zu %s\n", name.c_str(), row.runs,
              percent(row.answered, row.runs), percent(row.direct, row.runs), percent(row.in_time, row.runs),
              percent(row.first_try, row.direct), seconds(times, 0.5), seconds(times, 0.95),
              seconds(times, 1), row.mappings, reasons.c_str());
}

void Table::print() const {
  std::printf("%-22s %6s %9s %8s %8s %9s %8s %8s %8s %8s\n", "cell", "runs", "answered", "direct", "in time",
              "first try", "median s", "95 % s", "all s", "entries");
  std::vector<Row> rows = rows_;
  std::ranges::sort(rows, {}, [](const Row& row) { return row.cell.name(); });
  for (const Row& row : rows) print(row.cell.name() + " " + std::string(to_string(row.cell.wanted)), row);
  print("can be punched", sum(true));
  print("all", sum(false));
}

std::vector<std::string> Table::misses() const {
  std::vector<std::string> found;
  const auto miss = [&](const Row& row, const std::string& what) {
    found.push_back((row.cell.one.empty() ? "all" : row.cell.name()) + ": " + what);
  };
  for (const Row& row : rows_) {
    if (row.answered < row.runs) miss(row, "not always connected");
    if (!row.cell.is_punchable()) continue;
    if (row.runs >= kTold && percent(row.in_time, row.runs) < 100 * kShareOfCell)
      miss(row, "too seldom in time");
    const bool certain = row.cell.wanted != Wanted::kSpray && row.cell.wanted != Wanted::kPredict;
    if (certain && row.clear_in_time < row.clear) miss(row, "not in time though nothing was lost");
  }
  const Row punchable = sum(true);
  if (punchable.runs >= kTold && percent(punchable.in_time, punchable.runs) < 100 * kShare) {
    miss(punchable, "too few of what can be punched");
  }
  return found;
}

}  // namespace warren::punch_sim
