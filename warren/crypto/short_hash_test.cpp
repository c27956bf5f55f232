#include "warren/crypto/short_hash.hpp"

#include <doctest/doctest.h>

#include <numeric>

using namespace warren;

TEST_CASE("a short hash is SipHash-2-4, with the vector of its paper") {
  ShortHashKey key{};
  std::iota(key.begin(), key.end(), std::uint8_t{0});
  std::array<std::uint8_t, 15> input{};
  std::iota(input.begin(), input.end(), std::uint8_t{0});
  CHECK(short_hash(key, input) == 0xa129ca6149be45e5);  // appendix A
}

TEST_CASE("another key gives another hash, and no bytes have one, too") {
  ShortHashKey key{};
  const std::uint64_t first = short_hash(key, as_bytes("warren"));
  const std::uint64_t of_nothing = short_hash(key, {});
  key[3] = 1;
  CHECK(short_hash(key, as_bytes("warren")) != first);
  CHECK(short_hash(key, {}) != of_nothing);
}
