#include <doctest/doctest.h>

#include "warren/sim/random.hpp"
#include "warren/transport/quic/frame_screen.hpp"
#include "warren/transport/quic/packet_crafting.hpp"

namespace warren::quic {
namespace {

using test::Frames;

// The packet as the library gets it; empty when the connection is to be closed.
Bytes pass(FrameScreen& screen, const Frames& frames) {
  Bytes packet = frames.bytes;
  return screen.inspect(packet) ? packet : Bytes();
}

bool passes_unchanged(FrameScreen& screen, const Frames& frames) {
  return pass(screen, frames) == frames.bytes;
}

// PING instead of a frame of this size.
Bytes blanked(std::size_t size) {
  Bytes bytes(size);
  bytes.front() = 1;
  return bytes;
}

TEST_CASE("packets of all kinds of frames pass as they are") {
  FrameScreen screen;
  Frames all;
  all.frame(0x00, {}).frame(0x01, {}).frame(0x04, {4, 5, 6}).frame(0x05, {4, 5});
  all.crypto(9, as_bytes("crypto")).frame(0x07, {5}).raw(as_bytes("token"));
  all.frame(0x0a, {4, 3}).raw(as_bytes("abc")).stream(8, 1'000'000'000'000, as_bytes("stream"));
  for (const std::uint8_t type : {0x10, 0x12, 0x13, 0x14, 0x16, 0x17, 0x19}) all.frame(type, {70'000});
  for (const std::uint8_t type : {0x11, 0x15}) all.frame(type, {4, 70'000});
  all.frame(0x03, {100, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}).new_id(1, 0).challenge(7).frame(0x1e, {});
  CHECK(passes_unchanged(screen, all));
  // Everything before it was understood: the second ACK in the same packet is seen.
  const std::size_t before = all.bytes.size();
  Bytes expected = all.bytes;
  expected.resize(before + 5);
  append(expected, Frames().frame(0x08, {4}).raw(as_bytes("to the end")).bytes);
  CHECK(pass(screen, Frames(all).frame(0x02, {1, 0, 0, 0}).frame(0x08, {4}).raw(as_bytes("to the end"))) ==
        expected);
}

TEST_CASE("what is malformed is the library's") {
  sim::SeededRandom random(1);
  for (int i = 0; i < 20'000; ++i) {
    FrameScreen screen;
    Bytes noise(random.below(60));
    random.fill(noise);
    if (!noise.empty()) noise.front() %= 0x20;
    const std::size_t size = noise.size();
    screen.inspect(noise);
    CHECK(noise.size() == size);
  }
  FrameScreen screen;
  Frames cut = Frames().new_id(5, 5);
  while (!cut.bytes.empty()) {
    cut.bytes.pop_back();
    CHECK(passes_unchanged(screen, cut));
  }
}

TEST_CASE("connection IDs that come after they were retired are blanked") {
  FrameScreen screen;
  CHECK(passes_unchanged(screen, Frames().new_id(5, 5)));
  const std::size_t size = Frames().new_id(4, 0).bytes.size();
  CHECK(pass(screen, Frames().new_id(4, 0)) == blanked(size));
  CHECK(pass(screen, Frames().new_id(4, 4)) == blanked(size));
  CHECK(passes_unchanged(screen, Frames().new_id(5, 5)));
  CHECK(passes_unchanged(screen, Frames().new_id(6, 0)));
  CHECK(passes_unchanged(screen, Frames().new_id(5, 0)));
}

TEST_CASE(
    "new connection IDs count until what they made us say is acknowledged; those that come again don't") {
  FrameScreen screen;
  SUBCASE("upwards") {
    for (std::uint64_t i = 1; i <= 7; ++i)
      CHECK(passes_unchanged(screen, Frames().new_id(i, 0).new_id(i, 0)));
    for (std::uint64_t i = 1; i <= 7; ++i) CHECK(passes_unchanged(screen, Frames().new_id(i, 0)));
    SUBCASE("acknowledged") {
      CHECK(screen.expects_acknowledgement());
      screen.acknowledged();
      CHECK_FALSE(screen.expects_acknowledgement());
      CHECK(passes_unchanged(screen, Frames().new_id(8, 0)));
    }
    SUBCASE("not acknowledged") {
      CHECK(pass(screen, Frames().new_id(8, 0)).empty());
      CHECK(screen.violated());
    }
  }
  SUBCASE("downwards") {
    for (std::uint64_t i = 0; i < 7; ++i) CHECK(passes_unchanged(screen, Frames().new_id(1000 - 30 * i, 0)));
    CHECK(pass(screen, Frames().new_id(1, 0)).empty());
  }
}

}  // namespace
}  // namespace warren::quic
