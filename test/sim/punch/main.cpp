// Pairs of nodes behind routers of all kinds, each pair in a world of its own, in virtual time: whether the
// first request is answered, how soon the path is direct, and why it is not. A seed has one cell of
// docs/nat.md and its own delays, jitter and loss; the same seed and cells give the same run.
#include <cinttypes>
#include <cstdio>
#include <numeric>

#include "test/sim/punch/options.hpp"
#include "test/sim/punch/table.hpp"

using namespace warren::punch_sim;

namespace {

// Runs of neighboring seeds are of different kinds.
std::size_t cell_of(std::uint64_t seed, std::size_t cells) {
  std::size_t stride = 29;
  while (std::gcd(stride, cells) != 1) ++stride;
  return seed * stride % cells;
}

void print(std::uint64_t seed, const Cell& cell, const Outcome& outcome) {
  const auto seconds = [](const auto& time) { return time ? warren::to_ms(*time) / 1000 : -1; };
  std::printf("seed %-6" PRIu64
              " %-18s answered %6.2f s direct %6.2f s %-8s rtt %3.0f ms loss %4.1f %% "
              "entries %4zu %-20s fingerprint %016" PRIx64 "\n",
              seed, cell.name().c_str(), seconds(outcome.answered), seconds(outcome.direct),
              outcome.means ? std::string(to_string(*outcome.means)).c_str() : "-",
              2 * warren::to_ms(outcome.weather.between), 100 * outcome.weather.loss, outcome.mappings,
              outcome.reason ? std::string(to_string(*outcome.reason)).c_str() : "-", outcome.fingerprint);
}

}  // namespace

int main(int count, char** arguments) {
  Options options;
  if (const auto status = parse(count, arguments, options)) return *status;
  const std::vector<Cell> all = cells(options.cells);
  if (all.empty()) {
    std::fprintf(stderr, "punch_sim: no cell has such a name; --list shows all\n");
    return 2;
  }
  if (options.list) {
    for (const Cell& cell : all)
      std::printf("%-20s %s\n", cell.name().c_str(), std::string(to_string(cell.wanted)).c_str());
    return 0;
  }
  Table table;
  std::size_t complaints = 0;
  for (std::uint64_t seed = options.seed; seed < options.seed + options.seeds; ++seed) {
    const Cell& cell = all[cell_of(seed, all.size())];
    const Outcome outcome = meet(seed, cell);
    table.add(cell, outcome);
    const auto complaint = outcome.complaint(cell);
    const bool late = cell.is_punchable() && !outcome.in_time(cell);
    if (options.verbose || complaint || late) print(seed, cell, outcome);
    if (options.verbose || complaint || late) std::fputs(outcome.report.c_str(), stdout);
    for (const std::string& event : outcome.trace) {
      if (options.trace) std::printf("    %s\n", event.c_str());
    }
    if (complaint) std::printf("  unexplained: %s\n", complaint->c_str());
    complaints += complaint ? 1 : 0;
    if (options.twice && meet(seed, cell).fingerprint != outcome.fingerprint) {
      std::printf("seed %" PRIu64 ": the second run took another course than the first\n", seed);
      return 1;
    }
    std::fflush(stdout);
  }
  table.print();
  for (const std::string& miss : table.misses()) std::printf("missed: %s\n", miss.c_str());
  std::printf("%zu unexplained\n", complaints);
  return options.check && (complaints > 0 || !table.misses().empty()) ? 1 : 0;
}
