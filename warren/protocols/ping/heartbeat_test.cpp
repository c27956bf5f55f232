#include "warren/protocols/ping/heartbeat.hpp"

#include <doctest/doctest.h>

#include <map>

#include "warren/sim/random.hpp"

namespace warren::ping {
namespace {

// A path in virtual time, and whoever beats it.
struct Rig {
  explicit Rig(Duration round_trip, HeartbeatTimes times = {})
      : round_trip(round_trip), heartbeat(Instant{}, {}, times) {}

  // Until the time is over or the path is dead. `used`: somebody waits for an answer all the while.
  void run(Duration duration, bool used) {
    const Instant end = now + duration;
    while (now < end && !died_at) {
      while (!answers.empty() && answers.begin()->first <= now) {
        heartbeat.answer(answers.begin()->second, now);
        answers.erase(answers.begin());
      }
      if (used && now - last_use >= 1s) use();
      heartbeat.look(now);
      const PathVerdict verdict = heartbeat.verdict(now, another_answers);
      if (verdict == PathVerdict::kSuspect && !suspect_at) suspect_at = now;
      if (verdict == PathVerdict::kGood) suspect_at.reset();
      if (verdict == PathVerdict::kDead) died_at = now;
      if (died_at) break;
      if (heartbeat.is_due(now)) send();
      Instant next = std::min(heartbeat.next(now), end);
      if (!answers.empty()) next = std::min(next, answers.begin()->first);
      if (used) next = std::min(next, last_use + 1s);
      REQUIRE(next > now);
      now = next;
    }
  }
  void use() {
    heartbeat.use(now);
    last_use = now;
  }
  void send() {
    ++beats;
    const auto beat = heartbeat.send(now, 0.5);
    if (!answers_come) return;
    // What is lost is sent again by the transport, later and later; in each direction one packet in ten.
    Duration after = round_trip;
    Duration timeout = 3 * round_trip / 2;
    while (loss > 0 && static_cast<double>(random.below(10'000)) / 10'000 < 1 - (1 - loss) * (1 - loss)) {
      after += timeout;
      timeout *= 2;
    }
    answers.emplace(now + after, beat);
  }

  Duration round_trip;
  Heartbeat heartbeat;
  Instant now{};
  Instant last_use = Instant{} - 1h;
  std::multimap<Instant, Heartbeat::Beat> answers;
  bool answers_come = true;
  bool another_answers = true;
  double loss = 0;
  sim::SeededRandom random{1};
  int beats = 0;
  std::optional<Instant> suspect_at;
  std::optional<Instant> died_at;
};

TEST_CASE("a used path is beaten each second, an idle one every 15 seconds at most") {
  Rig rig(40ms);
  rig.run(1min, true);
  CHECK(rig.beats >= 55);
  CHECK(rig.beats <= 65);
  rig.beats = 0;
  rig.run(1h, false);
  CHECK(rig.beats >= 3600 / 15);
  CHECK(rig.beats <= 3600 / 12);
  CHECK_FALSE(rig.died_at);
  CHECK(rig.heartbeat.health(rig.now).round_trip_time == 40ms);
  CHECK(rig.heartbeat.health(rig.now).loss == 0);
}

TEST_CASE("a path that dies while it is used is known to be dead within three seconds") {
  for (const Duration offset : {0ms, 100ms, 500ms, 900ms}) {
    CAPTURE(to_ms(offset));
    Rig rig(40ms);
    rig.run(10s + offset, true);
    rig.answers_come = false;
    rig.answers.clear();
    const Instant cut = rig.now;
    rig.run(10s, true);
    REQUIRE(rig.died_at);
    CHECK(*rig.died_at - cut <= 3s);
    REQUIRE(rig.suspect_at);
    CHECK(*rig.suspect_at - cut <= 2s);
  }
}

TEST_CASE("the first use of an idle path that has died finds it within three seconds") {
  Rig rig(40ms);
  rig.run(1min, false);
  rig.answers_come = false;
  rig.answers.clear();
  rig.run(3s, false);
  rig.use();
  const Instant used = rig.now;
  rig.run(10s, true);
  REQUIRE(rig.died_at);
  CHECK(*rig.died_at - used <= 3s);
}

TEST_CASE("when no other path answers either, it may be us or the peer, and more time passes") {
  Rig rig(40ms);
  rig.run(10s, true);
  rig.another_answers = false;
  rig.answers_come = false;
  rig.answers.clear();
  const Instant cut = rig.now;
  SUBCASE("the peer was busy") {
    rig.run(3s, true);
    CHECK_FALSE(rig.died_at);
    rig.answers_come = true;
    rig.run(1min, true);
    CHECK_FALSE(rig.died_at);
    CHECK_FALSE(rig.suspect_at);
  }
  SUBCASE("it is gone") {
    rig.run(10s, true);
    REQUIRE(rig.died_at);
    CHECK(*rig.died_at - cut <= 6s);
  }
  SUBCASE("nobody uses it") {
    rig.run(10s, false);  // a use was not long ago when it was cut
    CHECK_FALSE(rig.died_at);
    rig.run(1min, false);
    CHECK(rig.died_at);
  }
}

TEST_CASE("bytes that arrive keep a path alive whose beats wait behind them") {
  Rig rig(40ms);
  rig.run(10s, true);
  rig.answers_come = false;
  rig.answers.clear();
  for (int i = 0; i < 40; ++i) {
    rig.run(500ms, true);
    rig.heartbeat.hear(rig.now);
  }
  CHECK_FALSE(rig.died_at);
  rig.run(4s, true);
  CHECK(rig.died_at);
}

TEST_CASE("the deadline grows with the round trip, and after one that was much slower") {
  Rig far(600ms);
  far.run(1min, true);
  CHECK(far.heartbeat.deadline() >= 1s);
  CHECK(far.heartbeat.deadline() <= 2400ms);
  CHECK(far.heartbeat.health(far.now).loss == 0);

  // A buffer is full from now on.
  Rig full(40ms);
  full.run(10s, true);
  full.round_trip = 1500ms;
  full.run(1min, true);
  CHECK_FALSE(full.died_at);
  CHECK_FALSE(full.suspect_at);
}

TEST_CASE("a tenth of the packets lost, at 300 ms: the path lives for hours, and its loss is seen") {
  int deaths = 0;
  double loss = 0;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    Rig rig(300ms);
    rig.random = sim::SeededRandom(seed);
    rig.loss = 0.1;
    rig.run(1h, true);
    if (rig.died_at) ++deaths;
    loss = std::max(loss, rig.heartbeat.health(rig.now).loss);
  }
  CHECK(deaths == 0);
  CHECK(loss > 0);
}

TEST_CASE("after a change of the network each path has a second to answer") {
  Rig rig(40ms);
  rig.run(1min, false);
  rig.answers.clear();
  rig.heartbeat.check(rig.now);
  const Instant changed = rig.now;
  SUBCASE("it does, though one beat is lost") {
    REQUIRE(rig.heartbeat.is_due(rig.now));
    rig.heartbeat.send(rig.now, 0);
    rig.run(1min, false);
    CHECK_FALSE(rig.died_at);
  }
  SUBCASE("it does not") {
    rig.another_answers = false;
    rig.answers_come = false;
    rig.run(10s, false);
    REQUIRE(rig.died_at);
    CHECK(*rig.died_at - changed == 1s);
  }
}

TEST_CASE("who has slept begins anew") {
  Rig rig(40ms);
  rig.run(1min, true);
  rig.answers.clear();
  rig.heartbeat.send(rig.now, 0);
  rig.now += 1h;
  rig.heartbeat.resume(rig.now);
  CHECK(rig.heartbeat.is_due(rig.now));
  CHECK(rig.heartbeat.verdict(rig.now, true) == PathVerdict::kGood);
  rig.run(1min, false);
  CHECK_FALSE(rig.died_at);
}

TEST_CASE("beats that never left prove nothing") {
  Rig rig(40ms);
  rig.run(10s, false);
  rig.answers.clear();
  const auto beat = rig.heartbeat.send(rig.now, 0);
  rig.heartbeat.take_back(beat);
  CHECK(rig.heartbeat.verdict(rig.now + 1h, true) == PathVerdict::kGood);
}

TEST_CASE("what is asked for is sent twice a second at most") {
  Rig rig(40ms);
  rig.run(100ms, false);
  rig.heartbeat.ask();
  CHECK_FALSE(rig.heartbeat.is_due(rig.now));
  CHECK(rig.heartbeat.is_due(rig.now + 500ms));
}

}  // namespace
}  // namespace warren::ping
