// Simulates a DHT of thousands of nodes: the real protocol code, in virtual time. Prints what a lookup and a
// node cost. The same seed gives the same run: its fingerprint is the last line.
#include <cinttypes>
#include <cmath>
#include <cstdio>

#include "test/sim/dht/attack.hpp"
#include "test/sim/dht/lookups.hpp"
#include "test/sim/dht/options.hpp"
#include "test/sim/dht/report.hpp"

using namespace warren;
using namespace warren::dht_sim;

namespace {

constexpr double kSuccessGoal = 0.995;
constexpr double kRoundTripsGoal = 4;
constexpr double kAttackGoal = 0.95;
constexpr double kMemoryGoal = 100 * 1024;
constexpr std::size_t kMemoryNodes = 10'000;  // below, the program itself is part of it

Duration minutes(double count) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double, std::ratio<60>>(count));
}

std::vector<Rules> rules_of(const Options& options) {
  if (options.rules == "warren") return {Rules::kWarren};
  if (options.rules == "go") return {Rules::kGo};
  return {Rules::kWarren, Rules::kGo};
}

// Beside go's, lookups are to be faster where many are dead: that is what the goal says.
void check_lookups(Report& report, const Options& options, const std::vector<Outcome>& outcomes,
                   bool beside_go) {
  const Report::Row ours = Report::row(outcomes, Rules::kWarren, Kind::kFind);
  const Report::Row all = Report::row(outcomes, Rules::kWarren, Kind::kClosest);
  if (ours.count == 0) return;
  report.goal("find_peer succeeds, % >= 99.5", 100 * ours.success, ours.success >= kSuccessGoal);
  report.goal("find_peer p50, round trips <= 4", ours.p50 / options.round_trip,
              ours.p50 <= kRoundTripsGoal * options.round_trip);
  const Report::Row theirs = Report::row(outcomes, Rules::kGo, Kind::kClosest);
  if (theirs.count == 0 || !beside_go) return;
  report.goal("closest_peers p50, of go's <= 1/2", all.p50 / theirs.p50, all.p50 <= theirs.p50 / 2);
  report.goal("closest_peers p95, of go's <= 1/4", all.p95 / theirs.p95, all.p95 <= theirs.p95 / 4);
}

void measure_lookups(DhtNetwork& network, Report& report, const Options& options) {
  const auto rules = rules_of(options);
  network.kill(
      static_cast<std::size_t>(std::lround(options.dead * static_cast<double>(network.nodes().size()))));
  report.heading("Lookups in the minute after the dead died");
  report.line("dead entries of routing tables, before", 100 * network.dead_entries(), "%");
  std::vector<Outcome> fresh;
  network.run(look_up(network, rules, options.lookups, 1min, fresh));
  report.line("dead entries of routing tables, after", 100 * network.dead_entries(), "%");
  report.lookups("fresh", fresh);
  check_lookups(report, options, fresh, true);
  if (options.minutes <= 0) return;

  report.heading("Lookups under churn");
  std::vector<Outcome> steady;
  const Meter meter(network);
  network.run(look_up(network, rules, options.lookups, minutes(options.minutes), steady));
  report.line("dead entries of routing tables", 100 * network.dead_entries(), "%");
  report.lookups("churn", steady);
  check_lookups(report, options, steady, false);
  report.traffic("with lookups", meter.read());
}

void measure_attack(DhtNetwork& network, Report& report, const Options& options) {
  report.heading("Sybils next to a key");
  const AttackReport before = network.run(provide_and_find(network, options.attacked, 0));
  report.attack("without sybils", before);
  const AttackReport under = network.run(provide_and_find(network, options.attacked, options.sybils));
  report.attack("under attack", under);
  const double found = static_cast<double>(under.found) / static_cast<double>(under.searches);
  report.goal("providers found under attack, % >= 95", 100 * found, found >= kAttackGoal);
}

// The fingerprint, and how many goals were missed.
std::pair<std::uint64_t, std::size_t> simulate(const Options& options) {
  Report report(options);
  const Usage before = Usage::now();
  DhtNetwork network(options);
  const auto all =
      static_cast<std::size_t>(std::lround(static_cast<double>(options.nodes) / (1 - options.dead)));
  network.build(options.lookups > 0 ? all : options.nodes);
  const auto memory = [&](const std::string& when) {
    const Usage now = Usage::now();
    const auto nodes = static_cast<double>(network.nodes().size());
    const double heap = (now.heap_bytes - before.heap_bytes) / nodes;
    report.line("heap of a node, " + when, heap / 1024, "KiB");
    report.line("resident memory of a node, " + when,
                (now.resident_bytes - before.resident_bytes) / nodes / 1024, "KiB");
    report.line("connections of a node, " + when, network.connections(), "");
    return heap;
  };
  report.heading("Network");
  report.line("nodes", static_cast<double>(network.nodes().size()), "");
  memory("just built");
  report.line("entries of a routing table", network.table_size(), "");
  report.line("CPU to build", Usage::now().cpu_seconds - before.cpu_seconds, "s");

  network.tasks().spawn(network.churn());
  network.crowd().loop().advance(minutes(options.settle));
  report.line("CPU to build and settle", Usage::now().cpu_seconds - before.cpu_seconds, "s");
  if (options.quiet > 0) {
    const Meter meter(network);
    network.crowd().loop().advance(minutes(options.quiet));
    report.traffic("quiet", meter.read());
  }
  report.line("entries of a routing table, settled", network.table_size(), "");
  report.line("dead entries, settled", 100 * network.dead_entries(), "%");
  const double heap = memory("settled");
  if (options.nodes >= kMemoryNodes) {
    report.goal("heap of a node, KiB <= 100", heap / 1024, heap <= kMemoryGoal);
  }
  if (options.lookups > 0) measure_lookups(network, report, options);
  if (options.attacked > 0) measure_attack(network, report, options);

  report.heading("Run");
  report.line("nodes that died", static_cast<double>(network.died()), "");
  report.line("virtual time", to_ms(network.crowd().now() - Instant{}) / 60000, "minutes");
  report.line("CPU", Usage::now().cpu_seconds - before.cpu_seconds, "s");
  if (!options.json.empty()) report.write_json(options.json);
  std::printf("fingerprint %016" PRIx64 "\n", network.crowd().fingerprint());
  return {network.crowd().fingerprint(), report.missed()};
}

}  // namespace

int main(int count, char** arguments) {
  const Options options = parse(count, arguments);
  const auto [fingerprint, missed] = simulate(options);
  if (options.twice && simulate(options).first != fingerprint) {
    std::printf("the second run took another course than the first\n");
    return 1;
  }
  return options.check && missed > 0 ? 1 : 0;
}
