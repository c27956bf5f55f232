#include "test/sim/relay/day.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

namespace warren::relay_sim {

namespace {

constexpr double kDay = 86'400;

class Day {
 public:
  Day(std::uint64_t seed, const Options& options)
      : options_(options), random_(seed * 0x9e3779b97f4a7c15), network_(seed, options.relays) {
    for (std::size_t relay = 0; relay < network_.relay_count(); ++relay)
      plan(kDay / options_.outages, [this, relay] { fail(relay); });
    plan(kDay / options_.home_cuts, [this] { cut_home(); });
    plan(kDay / options_.moves, [this] { move_home(); });
  }

  Outcome run() {
    const auto seconds = static_cast<std::uint64_t>(options_.hours * 3600);
    const auto every = static_cast<std::uint64_t>(options_.probe_seconds);
    for (second_ = 0; second_ < seconds; ++second_) {
      while (!plan_.empty() && plan_.begin()->first <= second_) {
        const auto happening = plan_.extract(plan_.begin());
        happening.mapped()();
      }
      // What happens, and a probe, take time of their own.
      const Instant next = Instant(std::chrono::seconds(second_ + 1));
      const Instant now = network_.world().clock().now();
      if (next > now) network_.world().loop().advance(next - now);
      look();
      if (every != 0 && second_ % every == every - 1) probe();
    }
    return outcome_;
  }

 private:
  // By chance, on average so many seconds from now.
  void plan(double mean, std::function<void()> happening) {
    if (!std::isfinite(mean)) return;
    const double unit = (static_cast<double>(random_.u64() >> 11) + 0.5) * 0x1p-53;
    plan_.emplace(second_ + 1 + static_cast<std::uint64_t>(-std::log(unit) * mean), std::move(happening));
  }

  void note(const std::string& event) {
    for (const char c : event)
      outcome_.fingerprint = (outcome_.fingerprint ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    outcome_.fingerprint ^= second_ * 0x9e3779b97f4a7c15;
    if (options_.verbose) std::printf("%6llu %s\n", static_cast<unsigned long long>(second_), event.c_str());
  }

  void fail(std::size_t relay) {
    static constexpr std::array kNames = {"crashes", "loses power", "is cut off", "is full",
                                          "forgets all reservations"};
    const std::uint64_t kind = random_.below(kNames.size());
    ++outcome_.outages;
    note("relay " + std::to_string(relay) + " " + kNames[kind]);
    if (kind == 4) {
      network_.forget(relay);
      plan(kDay / options_.outages, [this, relay] { fail(relay); });
      return;
    }
    if (kind == 0) network_.crash(relay);
    if (kind == 1) network_.power_off(relay);
    if (kind == 2) network_.cut_off(relay);
    if (kind == 3) network_.fill(relay);
    plan(options_.outage_minutes * 60, [this, relay] {
      note("relay " + std::to_string(relay) + " is back");
      network_.recover(relay);
      plan(kDay / options_.outages, [this, relay] { fail(relay); });
    });
  }

  void cut_home() {
    note("the node's line is cut");
    network_.cut_home();
    plan(options_.outage_minutes * 60, [this] {
      note("the node's line is mended");
      network_.mend_home();
      plan(kDay / options_.home_cuts, [this] { cut_home(); });
    });
  }

  void move_home() {
    note("the node moves");
    network_.move_home();
    plan(kDay / options_.moves, [this] { move_home(); });
  }

  void look() {
    if (!network_.could_be_reached()) {
      row_ = 0;
      return;
    }
    ++outcome_.seconds;
    const bool reachable = network_.is_reachable();
    if (reachable != was_reachable_) note(reachable ? "reachable" : "unreachable");
    was_reachable_ = reachable;
    row_ = reachable ? 0 : row_ + 1;
    outcome_.longest = std::max(outcome_.longest, row_);
    if (!reachable) ++outcome_.unreachable;
  }

  // What changes while the dial is under way is nobody's fault.
  void probe() {
    if (!network_.is_reachable()) return;
    const bool reached = network_.probe();
    if (!network_.is_reachable()) return;
    ++outcome_.probes;
    if (!reached) ++outcome_.probes_failed;
    note(reached ? "probe" : "probe failed");
  }

  const Options& options_;
  sim::SeededRandom random_;
  RelayNetwork network_;
  Outcome outcome_;
  std::multimap<std::uint64_t, std::function<void()>> plan_;
  std::uint64_t second_ = 0;
  std::uint64_t row_ = 0;
  bool was_reachable_ = false;
};

}  // namespace

Outcome live_through(std::uint64_t seed, const Options& options) {
  return Day(seed, options).run();
}

}  // namespace warren::relay_sim
