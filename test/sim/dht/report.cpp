#include "test/sim/dht/report.hpp"

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>

namespace warren::dht_sim {

namespace {

// Operations a second on one core, as measured on the machine of docs/performance.md.
constexpr double kX25519 = 28'000;
constexpr double kEd25519Verify = 17'000;
constexpr double kP256Sign = 40'000;
constexpr double kP256Verify = 13'600;

// Of one handshake, both ends. Noise: four X25519 and a verification each, its own signature is kept. QUIC
// (TLS 1.3 with libp2p's certificates): two X25519, one P-256 signature, two P-256 verifications and one of
// Ed25519 each.
double handshake_seconds(bool is_quic) {
  if (!is_quic) return 2 * (4 / kX25519 + 1 / kEd25519Verify);
  return 2 * (2 / kX25519 + 1 / kP256Sign + 2 / kP256Verify + 1 / kEd25519Verify);
}

double percentile(const std::vector<double>& sorted, double share) {
  if (sorted.empty()) return 0;
  const auto index = static_cast<std::size_t>(share * static_cast<double>(sorted.size()));
  return sorted[std::min(index, sorted.size() - 1)];
}

const char* name(Rules rules) {
  return rules == Rules::kWarren ? "warren" : "go";
}

const char* name(Kind kind) {
  return kind == Kind::kFind ? "find_peer" : "closest_peers";
}

}  // namespace

Usage Usage::now() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  malloc_trim(0);  // memory that once was used is not what a node takes
  std::ifstream statm("/proc/self/statm");
  double pages = 0;
  double resident = 0;
  statm >> pages >> resident;
  const auto heap = mallinfo2();
  return {.cpu_seconds = seconds(used.ru_utime) + seconds(used.ru_stime),
          .resident_bytes = resident * static_cast<double>(sysconf(_SC_PAGESIZE)),
          .heap_bytes = static_cast<double>(heap.uordblks + heap.hblkhd)};
}

Traffic Meter::read() const {
  const sim::CrowdCounters& now = network_.crowd().counters();
  return {.virtual_time = network_.crowd().now() - began_,
          .nodes = static_cast<double>(network_.nodes().size()),
          .cpu_seconds = Usage::now().cpu_seconds - usage_.cpu_seconds,
          .counters = {.dials = now.dials - counters_.dials,
                       .dials_failed = now.dials_failed - counters_.dials_failed,
                       .handshakes = now.handshakes - counters_.handshakes,
                       .streams = now.streams - counters_.streams,
                       .messages = now.messages - counters_.messages,
                       .bytes = now.bytes - counters_.bytes}};
}

void Report::heading(const std::string& text) {
  std::printf("\n%s\n", text.c_str());
}

void Report::line(const std::string& name, double value, const std::string& unit) {
  std::printf("  %-44s %12.6g %s\n", name.c_str(), value, unit.c_str());
  std::fflush(stdout);
  json_["figures"][name] = value;
}

Report::Row Report::row(const std::vector<Outcome>& outcomes, Rules rules, Kind kind) {
  Row row;
  double ok = 0;
  for (const Outcome& outcome : outcomes) {
    if (outcome.rules != rules || outcome.kind != kind) continue;
    ++row.count;
    row.hops += static_cast<double>(outcome.hops);
    row.questions += static_cast<double>(outcome.questions);
    row.failed += static_cast<double>(outcome.failed);
    row.complete += outcome.complete;
    if (!outcome.ok) continue;
    ++ok;
    row.ms.push_back(to_ms(outcome.took));
  }
  const double count = std::max<double>(static_cast<double>(row.count), 1);
  for (double* sum : {&row.hops, &row.questions, &row.failed, &row.complete}) *sum /= count;
  std::ranges::sort(row.ms);
  row.success = ok / count;
  row.p50 = percentile(row.ms, 0.5);
  row.p95 = percentile(row.ms, 0.95);
  row.p99 = percentile(row.ms, 0.99);
  return row;
}

void Report::lookups(const std::string& phase, const std::vector<Outcome>& outcomes) {
  std::printf("  %-22s %6s %8s %15s %15s %15s %6s %6s %6s %9s\n", "", "calls", "success", "p50 ms (RTT)",
              "p95 ms (RTT)", "p99 ms (RTT)", "hops", "asked", "failed", "complete");
  for (const Rules rules : {Rules::kWarren, Rules::kGo}) {
    for (const Kind kind : {Kind::kFind, Kind::kClosest}) {
      const Row found = row(outcomes, rules, kind);
      if (found.count == 0) continue;
      const std::string who = std::string(name(rules)) + " " + name(kind);
      const double rtt = options_.round_trip;
      std::printf("  %-22s %6zu %7.2f%% %7.0f (%5.2f) %7.0f (%5.2f) %7.0f (%5.2f) %6.2f %6.1f %6.1f",
                  who.c_str(), found.count, 100 * found.success, found.p50, found.p50 / rtt, found.p95,
                  found.p95 / rtt, found.p99, found.p99 / rtt, found.hops, found.questions, found.failed);
      if (kind == Kind::kClosest) std::printf(" %8.2f%%", 100 * found.complete);
      std::printf("\n");
      json_["lookups"].push_back({{"phase", phase},
                                  {"rules", name(rules)},
                                  {"kind", name(kind)},
                                  {"calls", found.count},
                                  {"success", found.success},
                                  {"p50_ms", found.p50},
                                  {"p95_ms", found.p95},
                                  {"p99_ms", found.p99},
                                  {"hops", found.hops},
                                  {"questions", found.questions},
                                  {"failed", found.failed},
                                  {"complete", found.complete},
                                  {"ms", found.ms}});
    }
  }
  std::map<std::string, int> errors;
  for (const Outcome& outcome : outcomes) {
    if (!outcome.ok)
      ++errors[std::string(name(outcome.rules)) + " " + name(outcome.kind) + ": " + outcome.error.message()];
  }
  for (const auto& [what, count] : errors) std::printf("  failed %d times: %s\n", count, what.c_str());
  std::fflush(stdout);
}

void Report::traffic(const std::string& phase, const Traffic& traffic) {
  const double minutes = std::chrono::duration<double>(traffic.virtual_time).count() / 60;
  const double node_minutes = std::max(minutes * traffic.nodes, 1e-9);
  const auto each = [&](std::uint64_t count) { return static_cast<double>(count) / node_minutes; };
  const sim::CrowdCounters& counted = traffic.counters;
  const double crypto = handshake_seconds(options_.transport == "quic");
  line(phase + ": messages a node a minute", each(counted.messages), "");
  line(phase + ": bytes a node a minute", each(counted.bytes), "(of messages)");
  line(phase + ": dials a node a minute", each(counted.dials), "");
  line(phase + ": failed dials a node a minute", each(counted.dials_failed), "");
  line(phase + ": handshakes a node a minute", 2 * each(counted.handshakes), "(either end)");
  line(phase + ": CPU of a node in a day", traffic.cpu_seconds / node_minutes * 1440,
       "s (protocol and simulator)");
  line(phase + ": cryptography of a node in a day", each(counted.handshakes) * crypto * 1440, "s (counted)");
}

void Report::attack(const std::string& name, const AttackReport& report) {
  std::vector<double> ms;
  for (const Duration took : report.took) ms.push_back(to_ms(took));
  std::ranges::sort(ms);
  const auto searches = static_cast<double>(std::max<std::size_t>(report.searches, 1));
  line(name + ": keys", static_cast<double>(report.keys), "");
  line(name + ": providers found", 100 * static_cast<double>(report.found) / searches, "% of searches");
  line(
      name + ": sybils among the 20 nearest",
      static_cast<double>(report.sybils_nearest) / static_cast<double>(std::max<std::size_t>(report.keys, 1)),
      "");
  line(name + ": search p50", percentile(ms, 0.5), "ms");
  line(name + ": search p95", percentile(ms, 0.95), "ms");
}

void Report::goal(const std::string& what, double value, bool met) {
  if (!met) ++missed_;
  std::printf("  %-7s %s: %.6g\n", met ? "met" : "MISSED", what.c_str(), value);
  json_["goals"].push_back({{"goal", what}, {"value", value}, {"met", met}});
}

void Report::write_json(const std::string& path) const {
  nlohmann::ordered_json all = json_;
  all["nodes"] = options_.nodes;
  all["seed"] = options_.seed;
  all["dead"] = options_.dead;
  all["churn"] = options_.churn;
  all["transport"] = options_.transport;
  all["round_trip_ms"] = options_.round_trip;
  std::ofstream(path) << all.dump(1) << "\n";
}

}  // namespace warren::dht_sim
