// Who may begin a round, and which of two stays.
#include "warren/protocols/dcutr/turns.hpp"

#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/core/test_values.hpp"
#include "warren/sim/pipe.hpp"

using namespace warren;
using namespace warren::dcutr;
using namespace warren::testing;

namespace {

struct Counted {
  Limit punches{"punches_max", "punches", 3};
  Turns turns{keyless_peer(5), punches};
};

Task<std::size_t> read(ByteStream* stream) {
  std::array<std::uint8_t, 1> byte;
  co_return co_await stream->read_some(byte);
}

}  // namespace

TEST_CASE("one round with each peer, and so many in all") {
  Counted all;
  auto first = all.turns.begin(keyless_peer(1));
  REQUIRE(first);
  CHECK(all.turns.begin(keyless_peer(1)).error() == Errc::kRoleConflict);
  auto second = all.turns.take(keyless_peer(2), Instant{});
  REQUIRE(second);
  CHECK(all.turns.begin(keyless_peer(2)).error() == Errc::kRoleConflict);
  auto third = all.turns.begin(keyless_peer(3));
  REQUIRE(third);
  CHECK(all.punches.used() == 3);
  CHECK(all.turns.begin(keyless_peer(4)).error() == Errc::kLimitedByBudget);
  CHECK(all.turns.take(keyless_peer(6), Instant{}).error() == Errc::kLimitedByBudget);
  CHECK(all.punches.use().refused == 2);
  first->reset();
  CHECK(all.punches.used() == 2);
  CHECK(all.turns.begin(keyless_peer(1)));
  second->reset();
  third->reset();
  CHECK(all.punches.used() == 0);
}

TEST_CASE("of two rounds that began at once, that of the smaller PeerId stays") {
  sim::Loop loop;
  Counted all;
  auto ours = all.turns.begin(keyless_peer(9));
  CHECK(all.turns.take(keyless_peer(9), Instant{}).error() == Errc::kRoleConflict);
  CHECK_FALSE((*ours)->displaced());

  auto yielding = all.turns.begin(keyless_peer(1));
  auto [near, far] = sim::pipe(loop);
  ByteStream& stream = (*yielding)->speak_on(std::move(near));
  auto theirs = all.turns.take(keyless_peer(1), Instant{});
  REQUIRE(theirs);
  CHECK((*yielding)->displaced());
  CHECK(loop.run(as_result(read(&stream))).error() == Errc::kReset);
  CHECK(loop.run(as_result(read(far.get()))).error() == Errc::kReset);
  // The end of the one that has lost its place leaves the other in it.
  yielding->reset();
  CHECK(all.turns.begin(keyless_peer(1)).error() == Errc::kRoleConflict);
  theirs->reset();
  CHECK(all.turns.begin(keyless_peer(1)));
}

TEST_CASE("a peer that begins again has given up its round before") {
  sim::Loop loop;
  Counted all;
  auto before = all.turns.take(keyless_peer(1), Instant{});
  REQUIRE(before);
  (*before)->settle();
  auto again = all.turns.take(keyless_peer(1), Instant{});
  REQUIRE(again);
  CHECK((*before)->displaced());
  loop.run((*before)->wait_until_displaced());
  CHECK_FALSE((*again)->displaced());
  before->reset();
  CHECK(all.turns.begin(keyless_peer(1)).error() == Errc::kRoleConflict);
  again->reset();
  CHECK(all.punches.used() == 0);
}

TEST_CASE("a round that has lost its place before it had a stream gets none") {
  sim::Loop loop;
  Counted all;
  auto ours = all.turns.begin(keyless_peer(1));
  const auto theirs = all.turns.take(keyless_peer(1), Instant{});
  auto [near, far] = sim::pipe(loop);
  CHECK_THROWS_AS((*ours)->speak_on(std::move(near)), std::system_error);
}

TEST_CASE("what both have agreed on stays") {
  Counted all;
  auto ours = all.turns.begin(keyless_peer(1));
  (*ours)->settle();
  CHECK(all.turns.take(keyless_peer(1), Instant{}).error() == Errc::kRoleConflict);
  CHECK_FALSE((*ours)->displaced());
}

TEST_CASE("a peer begins so many rounds in a while") {
  Counted all;
  const auto take_of = [&](std::uint8_t peer, Instant now) {
    return all.turns.take(keyless_peer(peer), now);
  };
  for (int i = 0; i < kRoundsBurst; ++i) CHECK(take_of(1, Instant{}));
  CHECK(take_of(1, Instant{}).error() == Errc::kRateLimited);
  CHECK(all.punches.used() == 0);
  CHECK(take_of(2, Instant{}));
  CHECK(take_of(1, Instant{} + 4s).error() == Errc::kRateLimited);
  CHECK(take_of(1, Instant{} + 6s));
  CHECK(all.turns.begin(keyless_peer(1)));  // ours are up to us
}

TEST_CASE("those who began lately are forgotten, and many of them are no way round it") {
  Counted all;
  const auto numbered = [](std::uint32_t number) {
    Bytes multihash = {0x00, 0x04, 0, 0, 0, 0};
    for (int i = 0; i < 4; ++i) multihash[2 + i] = static_cast<std::uint8_t>(number >> (8 * i));
    return value_or_throw(PeerId::from_bytes(multihash));
  };
  std::size_t taken = 0;
  for (std::uint32_t i = 0; i < 1'000; ++i) taken += all.turns.take(numbered(i), Instant{}).has_value();
  CHECK(taken == 256);
  CHECK(all.turns.take(numbered(2'000), Instant{} + 10s));
}
