#include "warren/protocols/kad/routing/key.hpp"

#include <doctest/doctest.h>

#include "warren/protocols/kad/routing/test_network.hpp"

using namespace warren;
using namespace warren::kad;

TEST_CASE("a key is the sha2-256 of what it names") {
  CHECK(to_hex(Key::of(as_bytes("abc")).bytes()) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const PeerId peer = kad::test::numbered_peer(7);
  CHECK(Key::of(peer) == Key::of(peer.bytes()));
}

TEST_CASE("distance is XOR, ordered as a number") {
  const Key zero;
  const Key one = zero.with_bit_flipped(255);
  const Key half = zero.with_bit_flipped(0);
  CHECK(zero.distance(zero) == Distance{});
  CHECK(half.distance(one) == one.distance(half));
  CHECK(zero.distance(one) < zero.distance(half));
  CHECK(half.distance(one) > half.distance(zero));
  CHECK(zero.distance(half).share() == 0.5);
  CHECK(zero.distance(one).share() == doctest::Approx(std::pow(0.5, 256)));
  CHECK(zero.distance(zero).share() == 0);
}

TEST_CASE("common prefix in bits") {
  const Key zero;
  CHECK(zero.common_prefix(zero) == 256);
  for (const std::size_t bit : {0, 1, 7, 8, 63, 200, 255}) {
    const Key other = zero.with_bit_flipped(bit);
    CHECK(zero.common_prefix(other) == bit);
    CHECK(other.bit(bit));
    CHECK_FALSE(zero.bit(bit));
    CHECK(other.with_bit_flipped(bit) == zero);
  }
}
