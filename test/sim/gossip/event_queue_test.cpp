#include "test/sim/gossip/event_queue.hpp"

#include <doctest/doctest.h>

using namespace warren;
using namespace warren::gossip_sim;

namespace {

Event event(std::uint64_t value) {
  return {.kind = EventKind::kPlan, .value = value, .parcel = {}};
}

}  // namespace

TEST_CASE("gossip sim: events come in the order of their time, and at one time as they were pushed") {
  EventQueue queue;
  queue.push(Instant{2ms}, event(3));
  queue.push(Instant{1ms}, event(1));
  queue.push(Instant{2ms}, event(4));
  queue.push(Instant{1ms}, event(2));
  for (std::uint64_t value = 1; value <= 4; ++value) {
    CHECK(queue.next() == Instant{value <= 2 ? 1ms : 2ms});
    CHECK(queue.pop().value == value);
    CHECK(queue.now() == Instant{value <= 2 ? 1ms : 2ms});
  }
  CHECK(queue.empty());
}

TEST_CASE("gossip sim: events may be pushed while others are popped") {
  EventQueue queue;
  queue.push(Instant{1ms}, event(1));
  std::uint64_t last = 0;
  for (int i = 0; i < 1000; ++i) {
    last = queue.pop().value;
    queue.push(queue.now() + 2ms, event(last + 2));
    if (i == 0) queue.push(queue.now() + 1ms, event(2));
  }
  CHECK(last == 1000);
}

TEST_CASE("gossip sim: the fingerprint tells events and their order") {
  const auto of = [](std::uint64_t first, std::uint64_t second) {
    EventQueue queue;
    queue.push(Instant{1ms}, event(first));
    queue.push(Instant{1ms}, event(second));
    queue.pop();
    queue.pop();
    return queue.fingerprint();
  };
  CHECK(of(1, 2) == of(1, 2));
  CHECK(of(1, 2) != of(2, 1));
  CHECK(of(1, 2) != of(1, 3));
}
