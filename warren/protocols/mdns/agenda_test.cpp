#include "warren/protocols/mdns/agenda.hpp"

#include <doctest/doctest.h>

#include "warren/protocols/mdns/test_values.hpp"
#include "warren/sim/random.hpp"

namespace warren::mdns {
namespace {

struct AgendaTest {
  sim::SeededRandom random{7};
  Agenda agenda{kStart, random};

  // Goes from event to event until then; when each was due.
  struct Event {
    Duration at;  // since the start
    Agenda::Due due;
  };
  std::vector<Event> run_until(Duration end) {
    std::vector<Event> events;
    while (agenda.next() <= kStart + end) {
      const Instant now = agenda.next();
      const Agenda::Due due = agenda.take(now);
      REQUIRE(due.any());
      events.push_back({now - kStart, due});
    }
    return events;
  }
};

TEST_CASE_FIXTURE(AgendaTest, "queries become rare: after 1 s, 3 s, 9 s, and at last every 5 minutes") {
  std::vector<Duration> queries;
  for (const auto& event : run_until(20min)) {
    if (event.due.query) queries.push_back(event.at);
  }
  REQUIRE(queries.size() > 7);
  CHECK(queries[0] >= kJitterMin);
  CHECK(queries[0] <= kJitterMax);
  const Duration pauses[] = {1s, 3s, 9s, 27s, 81s, 243s, 5min, 5min};
  for (std::size_t i = 1; i < queries.size(); ++i) CHECK(queries[i] - queries[i - 1] == pauses[i - 1]);
}

TEST_CASE_FIXTURE(AgendaTest, "each query of ours is followed by an announcement") {
  const auto events = run_until(500ms);
  REQUIRE(events.size() == 2);
  CHECK(events[0].due.query);
  CHECK_FALSE(events[0].due.announcement);
  CHECK(events[1].due.announcement);
  CHECK(events[1].at - events[0].at >= kJitterMin);
  CHECK(events[1].at - events[0].at <= kJitterMax);
}

TEST_CASE_FIXTURE(AgendaTest, "a flood of questions is answered once a second") {
  run_until(500ms);
  int announcements = 0;
  int services = 0;
  for (Duration at = 500ms; at < 10500ms; at += 1ms) {
    agenda.asked(kStart + at);
    agenda.asked_for_services(kStart + at);
    const Agenda::Due due = agenda.take(kStart + at);
    announcements += due.announcement ? 1 : 0;
    services += due.services ? 1 : 0;
  }
  CHECK(announcements >= 8);
  CHECK(announcements <= 11);
  CHECK(services >= 8);
  CHECK(services <= 11);
}

TEST_CASE_FIXTURE(AgendaTest,
                  "after a change queries begin anew, and many changes make no more than one a second") {
  run_until(2min);
  agenda.begin(kStart + 2min);
  CHECK(agenda.next() <= kStart + 2min + kJitterMax);
  int queries = 0;
  for (Duration at = 2min; at < 2min + 10s; at += 10ms) {
    agenda.begin(kStart + at);
    queries += agenda.take(kStart + at).query ? 1 : 0;
  }
  CHECK(queries <= 10);
}

TEST_CASE_FIXTURE(AgendaTest, "another's question takes the place of one that would only refresh") {
  run_until(50s);
  agenda.ask_again(kStart + 50s);
  const auto own = run_until(51s);
  REQUIRE_FALSE(own.empty());
  CHECK(own[0].due.query);
  CHECK(own[0].at <= 50s + kJitterMax);

  agenda.ask_again(kStart + 60s);
  agenda.asked(kStart + 60s);
  for (const auto& event : run_until(62s)) CHECK_FALSE(event.due.query);
}

}  // namespace
}  // namespace warren::mdns
