// How counters of scores fade.
// https://github.com/libp2p/specs/blob/master/pubsub/gossipsub/gossipsub-v1.1.md#parameter-decay
#pragma once

#include <cmath>
#include <cstdint>

namespace warren::pubsub {

// `intervals` >= 1: more than one when nobody came to count them in time.
inline void decay_counter(double& counter, double factor, double to_zero, std::int64_t intervals) {
  if (counter == 0) return;  // nearly always
  counter *= intervals == 1 ? factor : std::pow(factor, static_cast<double>(intervals));
  if (counter < to_zero) counter = 0;
}

}  // namespace warren::pubsub
