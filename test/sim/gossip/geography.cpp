#include "test/sim/gossip/geography.hpp"

#include <array>
#include <cmath>

namespace warren::gossip_sim {

namespace {

constexpr std::size_t kRegions = 5;
// Milliseconds one way: Europe, America's east and west, Asia, South America.
constexpr std::array<std::array<double, kRegions>, kRegions> kDelays = {{{10, 45, 75, 110, 100},
                                                                         {45, 10, 32, 90, 60},
                                                                         {75, 32, 10, 60, 90},
                                                                         {110, 90, 60, 25, 150},
                                                                         {100, 60, 90, 150, 15}}};
// The share of the nodes that are in it or in one before.
constexpr std::array<double, kRegions> kPopulation = {0.35, 0.58, 0.73, 0.92, 1.0};
constexpr double kDoorMs = 8;  // at most, of each end
constexpr double kUplinkMin = 20e6 / 8;
constexpr double kUplinkMax = 100e6 / 8;
constexpr double kJitter = 0.1;

enum What : std::uint64_t { kRegion = 1, kDoor, kRate, kFrame };

Duration ms(double count) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double, std::milli>(count));
}

}  // namespace

// SplitMix64's finalizer, as a hash.
double Geography::draw(std::uint64_t what, std::uint64_t which) const {
  std::uint64_t z = seed_ * 0x9e3779b97f4a7c15 + what * 0xd1342543de82ef95 + which;
  for (const std::uint64_t factor : {0xbf58476d1ce4e5b9ULL, 0x94d049bb133111ebULL}) {
    z = (z ^ (z >> 30)) * factor;
  }
  z ^= z >> 31;
  return static_cast<double>(z >> 11) * 0x1p-53;
}

Duration Geography::between(NodeIndex a, NodeIndex b) const {
  const auto region = [this](NodeIndex node) {
    const double drawn = draw(kRegion, node);
    std::size_t number = 0;
    while (drawn >= kPopulation[number]) ++number;
    return number;
  };
  return ms(kDelays[region(a)][region(b)] + kDoorMs * (draw(kDoor, a) + draw(kDoor, b)) / 2);
}

double Geography::uplink(NodeIndex node) const {
  return kUplinkMin * std::pow(kUplinkMax / kUplinkMin, draw(kRate, node));
}

Duration Geography::jitter(Duration delay, std::uint64_t frame) const {
  return ms(to_ms(delay) * kJitter * draw(kFrame, frame));
}

}  // namespace warren::gossip_sim
