// What the tests of this folder share.
#pragma once

#include <algorithm>
#include <array>

#include "warren/base/bytes.hpp"
#include "warren/crypto/random.hpp"

namespace warren::testing {

inline Bytes hex(std::string_view digits) {
  return value_or_throw(from_hex(digits), std::string(digits));
}

template <std::size_t kSize>
std::array<std::uint8_t, kSize> hex_array(std::string_view digits) {
  std::array<std::uint8_t, kSize> bytes{};
  std::ranges::copy(hex(digits), bytes.begin());
  return bytes;
}

// Seeded bytes, the same in every run (splitmix64). Not random at all.
inline RandomFill seeded(std::uint64_t seed) {
  return [state = seed](MutableBytes bytes) mutable {
    for (std::uint8_t& byte : bytes) {
      std::uint64_t mixed = state += 0x9e3779b97f4a7c15;
      mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
      mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
      byte = static_cast<std::uint8_t>(mixed >> 56);
    }
  };
}

// The key pair of GB/T 32918.5 A.2.
inline constexpr std::string_view kStandardD =
    "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8";
inline const std::string kStandardX = "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020";
inline const std::string kStandardY = "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13";

// The Ed25519 pair of peer-ids.md.
inline constexpr std::string_view kSpecEd25519Private =
    "080112407e0830617c4a7de83925dfb2694556b12936c477a0e1feb2e148ec9da60fee7d"
    "1ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e";
inline constexpr std::string_view kSpecEd25519Public =
    "080112201ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e";

}  // namespace warren::testing
