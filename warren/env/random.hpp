// Randomness, as a seam: the system's generator, or a simulation's seeded one.
#pragma once

#include <array>
#include <cstdint>

#include "warren/base/bytes.hpp"

namespace warren {

class Random {
 public:
  virtual ~Random() = default;

  virtual void fill(MutableBytes bytes) = 0;

  template <std::size_t N>
  std::array<std::uint8_t, N> bytes() {
    std::array<std::uint8_t, N> result;
    fill(result);
    return result;
  }

  std::uint64_t u64() {
    std::uint64_t value = 0;
    for (const std::uint8_t byte : bytes<8>()) value = value << 8 | byte;
    return value;
  }

  // A number in [0, bound); bound > 0. The bias of the remainder is below 2^-32 for bounds below 2^32.
  std::uint64_t below(std::uint64_t bound) { return u64() % bound; }
};

}  // namespace warren
