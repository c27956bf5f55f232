#include "warren/node/path_log.hpp"

#include <doctest/doctest.h>

#include "warren/core/test_values.hpp"

namespace warren {

TEST_CASE("the log keeps the last attempts and rounds of each peer") {
  PathLog log;
  const Instant now{};
  for (std::size_t i = 0; i < PathLog::kAttemptsMax + 10; ++i) {
    DialOutcome outcome{.peer = testing::keyless_peer(1), .address = {}};
    outcome.took = Duration(static_cast<std::int64_t>(i));
    log.add(outcome, now);
  }
  const auto attempts = log.attempts(testing::keyless_peer(1));
  CHECK(attempts.size() == PathLog::kAttemptsMax);
  CHECK(attempts.front().took == Duration(10));
  for (std::size_t i = 0; i < PathLog::kRoundsMax + 3; ++i)
    log.add(PunchRound{.peer = testing::keyless_peer(1)}, now);
  CHECK(log.rounds(testing::keyless_peer(1)).size() == PathLog::kRoundsMax);
  CHECK(log.rounds_so_far(testing::keyless_peer(1)) == PathLog::kRoundsMax + 3);
  CHECK_FALSE(log.knows(testing::keyless_peer(2)));
}

TEST_CASE("who was not tried for the longest time makes room") {
  PathLog log;
  for (std::size_t i = 0; i <= PathLog::kPeersMax; ++i) {
    const Instant now = Instant() + std::chrono::seconds(i);
    log.add(PunchRound{.peer = testing::keyless_peer(static_cast<std::uint32_t>(i))}, now);
  }
  CHECK_FALSE(log.knows(testing::keyless_peer(0)));
  CHECK(log.knows(testing::keyless_peer(1)));
  CHECK(log.knows(testing::keyless_peer(static_cast<std::uint32_t>(PathLog::kPeersMax))));
}

}  // namespace warren
