// How many peers the network has, from how near the nearest to arbitrary keys are: keys are uniform, so that
// n peers within a share d of the keyspace mean about n / d peers in all.
// The idea: https://research.protocol.ai/publications/peer-counting-and-sampling (RFM 13, network size
// estimation); the median in place of a fit withstands peers that crowd some of the keys.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "warren/base/time.hpp"
#include "warren/core/peerstore.hpp"
#include "warren/protocols/kad/routing/key.hpp"

namespace warren::kad {

class NetworkSize {
 public:
  struct Estimate {
    double peers = 0;
    double error = 0;  // standard error, as a share of `peers`
    std::size_t lookups = 0;
  };

  // `closest`: k, how many a complete lookup finds when there are as many.
  explicit NetworkSize(std::size_t closest = 20) : closest_(closest) {}

  // A completed lookup's nearest, nearest first. With fewer than k of them these are all there are. `weight`:
  // less for keys that are not arbitrary. A newer result for the same key replaces the older; what exceeds
  // the bounds in number (64 lookups) and age (2 hours) is forgotten, oldest first.
  void track(const Key& target, std::span<const PeerInfo> nearest, Instant now, double weight = 1);

  // Nothing before there are results for 5 keys.
  std::optional<Estimate> estimate(Instant now) const;

 private:
  struct Sample {
    Instant at{};
    std::uint64_t target = 0;  // the beginning of the key
    double peers = 0;
    double weight = 0;
  };

  std::size_t closest_;
  std::vector<Sample> samples_;  // oldest first
};

}  // namespace warren::kad
