// Large conversations whose direct path dies under them, while the relayed one carries too little of them:
// they wait for the next direct one, as long as the caller has time.
#include <doctest/doctest.h>

#include "warren/messaging/test_moves.hpp"
#include "warren/messaging/travel.hpp"

namespace warren {
namespace {

using test::MoveOutcome;
using test::Moves;
using test::pattern;
using test::TestConnection;

constexpr std::size_t kLargest = 16 * 1024 * 1024 - 4096;

TEST_CASE("16 MiB whose direct path dies while they are sent, with a small circuit beside it") {
  Moves net;
  net.connect_both();
  const Bytes payload = pattern(kLargest);
  MoveOutcome outcome;
  net.group.spawn(Moves::ask(net, payload, outcome));
  net.advance(500ms);
  REQUIRE(net.runs == 0);
  net.let_die(*net.direct);
  SUBCASE("it comes back: all of them arrive, once") {
    net.advance(5s);
    CHECK_FALSE(outcome.done);
    net.network.direct = true;
    net.advance(2min);
    CHECK(outcome.answer.size() == payload.size());
    CHECK(outcome.answer == payload);
    CHECK(net.runs == 1);
  }
  SUBCASE("it comes back after minutes, which the caller has") {
    net.advance(5min);
    CHECK_FALSE(outcome.done);
    net.network.direct = true;
    net.advance(2min);
    CHECK(outcome.answer == payload);
    CHECK(net.runs == 1);
  }
}

TEST_CASE(
    "16 MiB whose direct path does not come back in time: the circuit is too small, and nothing has run") {
  Moves net;
  net.connect_both();
  net.timeout = 40s;
  MoveOutcome outcome;
  const Instant asked = net.network.world.clock().now();
  net.group.spawn(Moves::ask(net, pattern(kLargest), outcome));
  net.advance(500ms);
  net.let_die(*net.direct);
  net.advance(35s);
  CHECK_FALSE(outcome.done);
  net.advance(10s);
  CHECK(outcome.error == Errc::kLimitedByBudget);
  CHECK_MESSAGE(outcome.what.contains("carries 131072 bytes each way"), outcome.what);
  CHECK_MESSAGE(outcome.what.contains("no direct path came within 36 s"), outcome.what);
  CHECK(net.ended - asked == net.timeout - Travel::kTellTime);
  CHECK(net.runs == 0);
  CHECK(net.relayed->is_open());
}

TEST_CASE("16 MiB whose path dies while the answer comes: exact bytes, or the reason") {
  Moves net;
  net.connect_both();
  net.timeout = 1min;
  const Bytes payload = pattern(kLargest);
  MoveOutcome outcome;
  net.group.spawn(Moves::ask(net, payload, outcome));
  for (int i = 0; i < 1000 && net.runs == 0; ++i) net.advance(100ms);
  REQUIRE(net.runs == 1);
  net.advance(net.takes + 500ms);
  CHECK_FALSE(outcome.done);
  net.let_die(*net.direct);
  SUBCASE("the path comes back") {
    net.network.direct = true;
    net.advance(2min);
    CHECK(outcome.answer == payload);
  }
  SUBCASE("it does not") {
    net.advance(2min);
    CHECK(outcome.error);
    CHECK_MESSAGE(outcome.what.contains("carries 131072 bytes"), outcome.what);
  }
  CHECK(outcome.done);
  CHECK(net.runs == 1);
}

TEST_CASE("1 MiB whose direct path dies at any moment, once or twice: exact bytes, executed once") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    sim::SeededRandom random(seed);
    Moves net;
    net.connect_both();
    const Bytes payload = pattern(1024 * 1024 + random.below(10'000));
    MoveOutcome outcome;
    net.group.spawn(Moves::ask(net, payload, outcome));
    for (std::uint64_t deaths = 1 + random.below(2); deaths > 0; --deaths) {
      net.advance(std::chrono::milliseconds(random.below(5000)));
      if (!net.alice.host.connections().empty()) {
        const ConnectionPtr best = net.alice.host.connections().front();
        net.let_die(dynamic_cast<TestConnection&>(*best));
      }
      net.advance(std::chrono::milliseconds(random.below(40'000)));
      net.network.direct = true;
      net.advance(std::chrono::milliseconds(random.below(8000)));
      net.network.direct = false;
    }
    net.network.direct = true;
    net.advance(2min);
    CHECK(outcome.done);
    CHECK_MESSAGE(outcome.answer == payload, outcome.what);
    CHECK(net.runs == 1);
  }
}

}  // namespace
}  // namespace warren
