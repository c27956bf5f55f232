#include "warren/muxer/yamux/receive_window.hpp"

#include <doctest/doctest.h>

using namespace warren;
using namespace warren::yamux;

namespace {

// A sender that uses all the window there is over a link with this round trip, and a reader that keeps up.
struct Flow {
  explicit Flow(Duration round_trip_time, const Limits& flow_limits = {})
      : round_trip(round_trip_time), limits(flow_limits), budget(limits.window_growth_max) {}

  void run(Duration duration, std::uint64_t bytes_a_second) {
    const Instant end = now + duration;
    while (now < end) {
      now += 1ms;
      allowance += bytes_a_second / 1000;
      while (!updates.empty() && updates.front().first <= now) {
        sendable += updates.front().second;
        updates.erase(updates.begin());
      }
      const auto size = static_cast<std::uint32_t>(std::min<std::uint64_t>(allowance, sendable));
      allowance = size < allowance ? 0 : allowance - size;  // what the window forbids is not made up for
      sendable -= size;
      if (size == 0) continue;
      if (!window.receive(size, now)) FAIL("the sender kept to its credit");
      carried += size;
      const std::uint32_t delta = window.consume(size, now, round_trip);
      if (delta > 0) updates.emplace_back(now + round_trip, delta);
    }
  }

  const Duration round_trip;
  const Limits limits;
  WindowBudget budget;
  Instant now{};
  ReceiveWindow window{limits, budget, now};
  std::uint64_t sendable = kInitialWindow;
  std::uint64_t allowance = 0;
  std::uint64_t carried = 0;
  std::vector<std::pair<Instant, std::uint32_t>> updates;
};

}  // namespace

TEST_CASE("a window is enforced to the byte, and renewed when half is used") {
  const Limits limits;
  WindowBudget budget(limits.window_growth_max);
  const Instant now{};
  ReceiveWindow window(limits, budget, now);
  CHECK_FALSE(window.receive(kInitialWindow + 1, now));
  CHECK(window.receive(kInitialWindow, now));
  CHECK_FALSE(window.receive(1, now));
  CHECK(window.consume(kInitialWindow / 2 - 1, now + 1s, 100ms) == 0);
  CHECK(window.consume(1, now + 1s, 100ms) == kInitialWindow / 2);
  CHECK(window.credit() == kInitialWindow / 2);
}

TEST_CASE("a window grows until a fast link is full, and no further") {
  Flow flow(100ms);
  flow.run(5s, 20'000'000);  // 2 MB in a round trip
  CHECK(flow.window.size() >= 4'000'000);
  CHECK(flow.window.size() <= 12'000'000);
  flow.carried = 0;
  flow.run(1s, 20'000'000);
  CHECK(flow.carried > 19'000'000);
}

TEST_CASE("a window does not grow for a slow sender") {
  Flow flow(100ms);
  flow.run(20s, 100'000);
  CHECK(flow.window.size() == kInitialWindow);
}

TEST_CASE("a window does not grow while the round trip is unknown, at ordinary rates") {
  Flow flow(0ms);
  flow.run(5s, 20'000'000);
  CHECK(flow.window.size() == kInitialWindow);
}

TEST_CASE("windows stay within the stream's maximum and the connection's budget") {
  Flow flow(200ms, {.window_max = 1'000'000, .window_growth_max = 500'000});
  flow.run(5s, 100'000'000);
  CHECK(flow.window.size() == kInitialWindow + 500'000);
  CHECK(flow.budget.left() == 0);

  Flow single(200ms, {.window_max = 1'000'000});
  single.run(5s, 100'000'000);
  CHECK(single.window.size() == 1'000'000);
}

TEST_CASE("a window shrinks when its stream slows down or rests, and the budget comes back") {
  Flow flow(100ms);
  flow.run(5s, 50'000'000);
  const std::uint32_t grown = flow.window.size();
  CHECK(grown > 8'000'000);

  SUBCASE("slows down") {
    flow.run(600s, 200'000);
    CHECK(flow.window.size() < grown / 8);
    CHECK(flow.budget.left() > flow.limits.window_growth_max - grown / 4);
  }
  SUBCASE("rests") {
    flow.now += 10s;
    flow.run(10ms, 100'000);
    CHECK(flow.window.size() == kInitialWindow);
    // The credit given before is honoured, and counts, until it is used up.
    CHECK(flow.budget.left() < flow.limits.window_growth_max);
    flow.run(200s, 200'000);
    CHECK(flow.window.size() == kInitialWindow);
    CHECK(flow.budget.left() == flow.limits.window_growth_max);
  }
  SUBCASE("ends") {
    flow.window.close();
    CHECK(flow.budget.left() == flow.limits.window_growth_max);
  }
}

TEST_CASE("a stream that rested has its old rate back within a second") {
  Flow flow(100ms);
  flow.run(5s, 20'000'000);
  flow.now += 60s;
  flow.run(1s, 20'000'000);
  flow.carried = 0;
  flow.run(1s, 20'000'000);
  CHECK(flow.carried > 19'000'000);
}
