#include "warren/protocols/pubsub/router/backoff.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "warren/protocols/pubsub/router/test_routers.hpp"

using namespace warren;
using namespace warren::pubsub;
using testing::kStart;
using testing::numbered_peer;

TEST_CASE("whatever a peer says, a back-off is a duration of at most an hour") {
  CHECK(told_backoff(90, 60s, 1h) == 90s);
  CHECK(told_backoff({}, 60s, 1h) == 60s);
  CHECK(told_backoff(0, 60s, 1h) == 60s);
  constexpr auto kAll = std::numeric_limits<std::uint64_t>::max();
  constexpr auto kSigned = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  for (const std::uint64_t seconds :
       {kAll, kAll - 1, kSigned, kSigned - 1000, kSigned / 1'000'000'000, kSigned / 1'000'000'000 + 1,
        std::uint64_t{1} << 32, std::uint64_t{3600}, std::uint64_t{3601}}) {
    CHECK(told_backoff(seconds, 60s, 1h) == 1h);
  }
}

TEST_CASE("a back-off runs out, and is prolonged but never shortened") {
  Backoffs backoffs;
  const PeerId peer = numbered_peer(1);
  CHECK_FALSE(backoffs.running(peer, kStart));
  backoffs.add(peer, 60s, kStart);
  backoffs.add(peer, 10s, kStart + 1s);
  REQUIRE(backoffs.running(peer, kStart + 59s));
  CHECK(backoffs.running(peer, kStart + 59s)->since == kStart + 1s);
  CHECK_FALSE(backoffs.running(peer, kStart + 60s));
  CHECK(backoffs.forbids_graft(peer, 1s, kStart + 60s));
  CHECK_FALSE(backoffs.forbids_graft(peer, 1s, kStart + 61s));
  backoffs.expire(1s, kStart + 60s);
  CHECK(backoffs.size() == 1);
  backoffs.expire(1s, kStart + 61s);
  CHECK(backoffs.size() == 0);
}

TEST_CASE("a GRAFT that crosses a PRUNE is forgiven, once") {
  Backoffs backoffs;
  const PeerId peer = numbered_peer(1);
  CHECK_FALSE(backoffs.forgive_crossing(peer, 1s, kStart));
  backoffs.add(peer, 60s, kStart);
  CHECK_FALSE(backoffs.forgive_crossing(peer, 1s, kStart + 1s));
  CHECK(backoffs.forgive_crossing(peer, 1s, kStart + 200ms));
  backoffs.add(peer, 60s, kStart + 200ms);
  CHECK_FALSE(backoffs.forgive_crossing(peer, 1s, kStart + 300ms));
  backoffs.add(peer, 60s, kStart + 61s);  // another one, after the first has ended
  CHECK(backoffs.forgive_crossing(peer, 1s, kStart + 61s));
}

TEST_CASE("peers that come and go do not fill it: who would end first makes room") {
  Backoffs backoffs(100);
  backoffs.add(numbered_peer(0), 1h, kStart);
  for (std::uint32_t i = 1; i <= 1000; ++i) backoffs.add(numbered_peer(i), 60s, kStart + i * Duration(1ms));
  CHECK(backoffs.size() == 100);
  CHECK(backoffs.running(numbered_peer(0), kStart + 10s));
  CHECK(backoffs.running(numbered_peer(1000), kStart + 10s));
  CHECK_FALSE(backoffs.running(numbered_peer(500), kStart + 10s));
}
