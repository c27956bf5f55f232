// Optimistic provide: from the size of the network follows how near the nearest k to a key are. A record goes
// to a peer that is near enough at once, and the lookup ends when its nearest are as near as can be expected,
// instead of proving that there is nobody nearer.
// https://github.com/libp2p/go-libp2p-kad-dht/blob/master/optimizations.md
#pragma once

#include <span>

#include "warren/core/peerstore.hpp"
#include "warren/protocols/kad/routing/key.hpp"

namespace warren::kad {

class ProvideThreshold {
 public:
  // `network_size`: the estimate (NetworkSize); more than 0.
  explicit ProvideThreshold(double network_size, std::size_t closest = 20);

  // Nine times of ten a peer of this distance is among the k nearest.
  bool near_enough(const Distance& distance) const { return distance.share() <= peer_; }
  // The k nearest so far (Lookup::nearest_known()) are on average as near as the true ones are nine times of
  // ten. False when there are fewer.
  bool reached(const Key& target, std::span<const PeerInfo> nearest) const;

 private:
  std::size_t closest_;
  double peer_;  // shares of the keyspace
  double set_;
};

}  // namespace warren::kad
