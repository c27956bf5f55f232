#include "warren/protocols/kad/routing/provide_threshold.hpp"

#include <boost/math/special_functions/gamma.hpp>

namespace warren::kad {

// With N peers the number within a share d of the keyspace is Poisson distributed with mean N d, and a peer
// at d is among the k nearest when fewer than k are nearer. The mean of the k smallest distances has the mean
// (k + 1) / 2N and the variance (k + 1)(2k + 1) / 6k N^2, and is taken for gamma distributed.
ProvideThreshold::ProvideThreshold(double network_size, std::size_t closest) : closest_(closest) {
  constexpr double kCertainty = 0.9;
  const auto k = static_cast<double>(closest);
  peer_ = boost::math::gamma_p_inv(k, 1 - kCertainty) / network_size;
  const double mean = (k + 1) / 2;
  const double variance = (k + 1) * (2 * k + 1) / (6 * k);
  set_ = boost::math::gamma_p_inv(mean * mean / variance, kCertainty) * variance / mean / network_size;
}

bool ProvideThreshold::reached(const Key& target, std::span<const PeerInfo> nearest) const {
  if (nearest.size() < closest_) return false;
  double sum = 0;
  for (const PeerInfo& one : nearest.first(closest_)) sum += target.distance(Key::of(one.id)).share();
  return sum / static_cast<double>(closest_) <= set_;
}

}  // namespace warren::kad
