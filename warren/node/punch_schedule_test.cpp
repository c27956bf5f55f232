#include "warren/node/punch_schedule.hpp"

#include <doctest/doctest.h>

#include "warren/sim/random.hpp"

namespace warren {

namespace {

constexpr Instant kStart = Instant() + std::chrono::hours(1);

Duration pause_after(PunchSchedule& schedule, Instant now, Random& random) {
  schedule.begin();
  schedule.end(false, now, random);
  return *schedule.next_try() - now;
}

}  // namespace

TEST_CASE("the first try waits for identify, and not for long") {
  PunchSchedule schedule(kStart);
  CHECK_FALSE(schedule.is_due(kStart));
  CHECK(schedule.is_due(kStart + PunchSchedule::kIdentifyGrace));
  schedule.note_news(kStart + 80ms);  // identify has come
  CHECK(schedule.is_due(kStart + 80ms));
}

TEST_CASE("failures are followed by longer and longer pauses, up to five minutes") {
  sim::SeededRandom random(1);
  PunchSchedule schedule(kStart);
  Duration expected = PunchSchedule::kBackoffMin;
  for (int i = 0; i < 20; ++i) {
    const Duration pause = pause_after(schedule, kStart, random);
    CHECK(pause >= expected * 9 / 10);
    CHECK(pause <= expected * 11 / 10);
    expected = std::min(expected * 2, PunchSchedule::kBackoffMax);
  }
}

TEST_CASE("nothing is due during a try") {
  PunchSchedule schedule(kStart);
  schedule.begin();
  CHECK_FALSE(schedule.next_try().has_value());
  CHECK_FALSE(schedule.is_due(kStart + 1h));
}

TEST_CASE("news begin afresh, at once") {
  sim::SeededRandom random(1);
  PunchSchedule schedule(kStart);
  for (int i = 0; i < 5; ++i) pause_after(schedule, kStart, random);
  schedule.note_news(kStart + 10s);
  CHECK(schedule.is_due(kStart + 10s));
  CHECK(schedule.failures() == 0);
  CHECK(pause_after(schedule, kStart + 10s, random) < 6s);
}

TEST_CASE("news that come during a try are tried afterwards") {
  sim::SeededRandom random(1);
  PunchSchedule schedule(kStart);
  schedule.begin();
  schedule.note_news(kStart + 1s);
  schedule.end(false, kStart + 3s, random);
  CHECK(schedule.is_due(kStart + 3s));
}

TEST_CASE("news that follow others too soon, during a try, are not forgotten by its end") {
  sim::SeededRandom random(1);
  PunchSchedule schedule(kStart);
  schedule.note_news(kStart);
  schedule.begin();
  schedule.note_news(kStart + 500ms);
  schedule.end(false, kStart + 1s, random);
  CHECK(schedule.next_try() == kStart + PunchSchedule::kNewsInterval);
}

TEST_CASE("who brings news all the time is not punched at all the time") {
  sim::SeededRandom random(1);
  PunchSchedule schedule(kStart);
  int tries = 0;
  for (Instant now = kStart; now < kStart + 60s; now += 50ms) {
    schedule.note_news(now);
    if (!schedule.is_due(now)) continue;
    schedule.begin();
    schedule.end(false, now, random);
    ++tries;
  }
  CHECK(tries <= 31);
}

TEST_CASE("a wish is heard at once, and the back-off goes on from where it was") {
  sim::SeededRandom random(1);
  PunchSchedule schedule(kStart);
  for (int i = 0; i < 4; ++i) pause_after(schedule, kStart, random);
  schedule.hurry(kStart + 1s);
  CHECK(schedule.is_due(kStart + 1s));
  CHECK(pause_after(schedule, kStart + 1s, random) > 60s);
}

}  // namespace warren
