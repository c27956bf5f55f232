#include "warren/protocols/kad/routing/region.hpp"

#include <algorithm>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>

namespace warren::kad {

namespace {

constexpr double kFalseAlarms = 0.001;
constexpr std::size_t kQuarter = 2;  // bits

std::size_t whole_log2(double value) {
  return value <= 1 ? 0 : static_cast<std::size_t>(std::log2(value));
}

}  // namespace

double chance_of(std::size_t count, double share, double network_size) {
  if (count == 0) return 1;
  return boost::math::gamma_p(static_cast<double>(count), network_size * share);
}

std::vector<Prefix> Region::lookups() const {
  std::vector<Prefix> places;
  for (unsigned bits = 1; bits < 1U << kQuarter; ++bits) {
    Key key = target;
    for (std::size_t i = 0; i < kQuarter; ++i) {
      if ((bits >> i & 1) != 0) key = key.with_bit_flipped(common_prefix + i);
    }
    places.push_back({key, common_prefix + kQuarter});
  }
  for (std::size_t bit = common_prefix + kQuarter; bit <= depth; ++bit) {
    places.push_back({target.with_bit_flipped(bit), bit + 1});
  }
  return places;
}

std::optional<Region> crowded_region(const Key& target, std::span<const PeerInfo> nearest,
                                     const NetworkSize::Estimate& network, std::size_t closest) {
  if (nearest.size() < closest) return std::nullopt;
  const double share = target.distance(Key::of(nearest[closest - 1].id)).share();
  if (chance_of(closest, share, network.peers * (1 + 2 * network.error)) >= kFalseAlarms) return std::nullopt;
  return region_of(target, network.peers, closest);
}

Region region_of(const Key& target, double network_size, std::size_t closest) {
  Region region{.target = target};
  region.common_prefix = whole_log2(network_size / (1.5 * static_cast<double>(closest)));
  // Beyond it there is half an honest peer, and every bit more doubles the work of finding a key.
  region.depth = std::max(whole_log2(network_size), region.common_prefix + kQuarter);
  return region;
}

}  // namespace warren::kad
