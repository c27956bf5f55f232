// A generator that gives the same bytes for the same seed, on every machine.
#pragma once

#include "warren/env/random.hpp"

namespace warren::sim {

// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014). For simulations
// only: it keeps no secret.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}

  void fill(MutableBytes bytes) override;

 private:
  std::uint64_t next();

  std::uint64_t state_;
};

}  // namespace warren::sim
