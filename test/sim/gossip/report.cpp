#include "test/sim/gossip/report.hpp"

#include <sys/resource.h>

#include <fmt/format.h>
#include <cinttypes>
#include <cstdio>
#include <fstream>

namespace warren::gossip_sim {

namespace {

// Copies of a message that a node gets: of small ones what comes before anybody can say IDONTWANT.
double copies_max(std::size_t size) {
  if (size >= 64 * 1024) return 2;
  return size >= 4 * 1024 ? 4.2 : 9;
}

// With churn, a node may be cut off for the seconds that it takes to notice that its peers are gone.
constexpr double kDeliveredUnderChurn = 0.999;
constexpr double kDeliveredAfterAttack = 0.99;
// By gossip nearly all comes in the end even when sybils fill the meshes: what tells is that it comes soon.
constexpr float kSoonMs = 1000;
// Honest nodes must not throw each other out.
constexpr double kHonestBelow = 0.02;

std::string size_text(std::size_t size) {
  if (size >= 1024 && size % 1024 == 0) return fmt::format("{} KiB", size / 1024);
  return fmt::format("{} B", size);
}

}  // namespace

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

double peak_megabytes() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_maxrss) / 1024;
}

void Report::costs_heading() const {
  std::printf("%zu nodes, %zu dials each, seed %" PRIu64 ", %.3g messages/s on %zu topic%s%s%s\n",
              options_.nodes, options_.dials, options_.seed, options_.rate, options_.topics,
              options_.topics == 1 ? "" : "s", options_.scoring ? "" : ", no scores",
              options_.churn > 0 ? fmt::format(", churn {} %/min", options_.churn).c_str() : "");
  std::printf("%-8s %10s  %-14s %-20s %7s %10s %10s %8s %6s %7s\n", "size", "delivered", "hops 50/99/max",
              "ms 50/99/max", "copies", "KiB/s in", "KiB/s out", "control", "mesh", "below 0");
}

void Report::costs(const Outcome& outcome) {
  const Phase& phase = outcome.phases.front();
  const Deliveries& all = phase.deliveries;
  const double kib = 1024 * outcome.seconds;
  const std::string hops = fmt::format("{:.0f}/{:.0f}/{:.0f}", percentile(all.hops, 0.5),
                                       percentile(all.hops, 0.99), percentile(all.hops, 1));
  const std::string ms = fmt::format("{:.0f}/{:.0f}/{:.0f}", percentile(all.ms, 0.5),
                                     percentile(all.ms, 0.99), percentile(all.ms, 1));
  std::printf("%-8s %8.3f %%  %-14s %-20s %7.2f %10.1f %10.1f %6.1f %% %6.1f %5.1f %%\n",
              size_text(outcome.size).c_str(), 100 * all.rate(), hops.c_str(), ms.c_str(), outcome.copies,
              outcome.bytes_in / kib, outcome.bytes_out / kib, 100 * outcome.control, phase.mesh.honest,
              100 * phase.mesh.honest_below);
  if (options_.verbose) {
    std::printf("  %" PRIu64 " deliveries, %" PRIu64 " left, %" PRIu64 " dropped, %" PRIu64
                " events, CPU %.1f s\n",
                all.wanted, outcome.left, outcome.dropped, outcome.events, cpu_seconds());
  }
  std::printf("  fingerprint %016" PRIx64 "\n", outcome.fingerprint);
  curves_.push_back({size_text(outcome.size), all.ms, static_cast<double>(all.wanted)});
  const double least = options_.churn > 0 ? kDeliveredUnderChurn : 1;
  promise(fmt::format("delivered, % >= {}", 100 * least), 100 * all.rate(), all.rate() >= least);
  const double most = copies_max(outcome.size);
  promise(fmt::format("copies a node <= {}", most), outcome.copies, outcome.copies <= most);
  promise("honest peers below 0, % <= 2", 100 * phase.mesh.honest_below,
          phase.mesh.honest_below <= kHonestBelow);
  std::fflush(stdout);
}

void Report::attack_heading() const {
  std::printf("%zu honest nodes, %zu dials each, seed %" PRIu64
              ", %.3g messages/s; %g sybil connections for an honest one\n",
              options_.nodes, options_.dials, options_.seed, options_.rate, options_.ratio);
  std::printf("%-20s %-8s %-8s %10s %10s %8s %8s  %-22s %s\n", "attack", "scores", "phase", "delivered",
              "in 1 s", "ms 50", "ms 99", "mesh honest + sybil", "below 0: honest, sybil");
}

void Report::attack(const Attack& attack, const Outcome& outcome) {
  for (const Phase& phase : outcome.phases) {
    const Deliveries& all = phase.deliveries;
    std::printf("%-20s %-8s %-8s %8.2f %% %8.2f %% %8.0f %8.0f  %10.1f + %-9.1f %9.0f %%, %.0f %%\n",
                attack.name.c_str(), outcome.scoring ? "on" : "off", phase.name.c_str(), 100 * all.rate(),
                100 * all.rate(kSoonMs), percentile(all.ms, 0.5), percentile(all.ms, 0.99), phase.mesh.honest,
                phase.mesh.sybil, 100 * phase.mesh.honest_below, 100 * phase.mesh.sybil_below);
    if (outcome.scoring || outcome.phases.size() < 2) {
      curves_.push_back({attack.name + ", " + phase.name, all.ms, static_cast<double>(all.wanted)});
    }
  }
  std::printf("  fingerprint %016" PRIx64 "\n", outcome.fingerprint);
  if (options_.verbose) std::printf("  %" PRIu64 " events, CPU %.1f s\n", outcome.events, cpu_seconds());
  if (outcome.scoring) {
    const double after = outcome.phases.back().deliveries.rate(kSoonMs);
    promise(attack.name + ": delivered within 1 s after the scores have reacted, % >= 99", 100 * after,
            after >= kDeliveredAfterAttack);
  }
  std::fflush(stdout);
}

void Report::promise(const std::string& what, double value, bool kept) {
  if (kept) return;
  ++broken_;
  std::printf("  BROKEN: %s: %.3f\n", what.c_str(), value);
}

void Report::write_svg() const {
  if (options_.svg.empty() || curves_.empty()) return;
  const std::string title = fmt::format("How soon a message is everywhere: {} nodes", options_.nodes);
  const std::string subtitle = fmt::format("the real router, D = 8, in virtual time; {} messages/s, seed {}",
                                           options_.rate, options_.seed);
  std::ofstream(options_.svg) << draw(title, subtitle, curves_);
}

}  // namespace warren::gossip_sim
