#include "warren/protocols/pubsub/router/stagger.hpp"

#include <doctest/doctest.h>

#include "warren/protocols/pubsub/router/test_routers.hpp"

using namespace warren;
using namespace warren::pubsub;
using testing::kStart;
using testing::numbered_peer;

namespace {

Delayed delayed(Fingerprint key, Duration interval) {
  Delayed message;
  message.key = key;
  message.since = kStart;
  message.plan = {.first = 2, .next = 1, .interval = interval};
  message.to = {numbered_peer(1), numbered_peer(2)};
  return message;
}

}  // namespace

TEST_CASE("small messages are sent to all at once, large ones to fewer the larger they are") {
  const GossipParams params;
  CHECK(stagger_plan(params, {}, params.stagger_size - 1, 0).at_once());
  const StaggerPlan middle = stagger_plan(params, {}, 4096, 0);
  const StaggerPlan large = stagger_plan(params, {}, 64 * 1024, 0);
  CHECK_FALSE(middle.at_once());
  CHECK_FALSE(large.at_once());
  CHECK(middle.next > 0);
  CHECK(large.next > 0);
  CHECK(large.first < middle.first);
  CHECK(middle.first < params.d);
  CHECK(large.interval > middle.interval);
}

TEST_CASE("the more peers have a message, the fewer are sent it at once") {
  const GossipParams params;
  for (const std::size_t size : {4096, 65536}) {
    std::size_t before = stagger_plan(params, {}, size, 0).first;
    for (std::size_t known = 1; known <= 12; ++known) {
      const std::size_t first = stagger_plan(params, {}, size, known).first;
      CHECK(first == (before == 0 ? 0 : before - 1));
      before = first;
    }
    CHECK(before == 0);
  }
}

TEST_CASE("without an interval nothing is staggered") {
  GossipParams params;
  params.stagger_interval = {};
  CHECK(stagger_plan(params, {}, 1024 * 1024, 0).at_once());
  CHECK_FALSE(is_staggered(params, 1024 * 1024));
}

TEST_CASE("the pace follows what peers report, and a wait is never longer than allowed, nor nothing") {
  SpreadPace pace;
  CHECK(pace.interval(150ms) == 150ms);
  for (int i = 0; i < 200; ++i) pace.heard(i % 10 == 0 ? 300ms : 5ms);
  CHECK(pace.interval(150ms) > 10ms);
  CHECK(pace.interval(150ms) < 40ms);
  for (int i = 0; i < 1000; ++i) pace.heard({});
  CHECK(pace.interval(150ms) == 4ms);
  for (int i = 0; i < 1000; ++i) pace.heard(1h);
  CHECK(pace.interval(10min) == 4s);
  for (int i = 0; i < 50; ++i) pace.heard(5ms);
  CHECK(pace.interval(10min) < 1s);
}

TEST_CASE("what waits comes in the order of its time, and is known until then") {
  Stagger stagger(2);
  CHECK(stagger.next() == Instant::max());
  stagger.add(delayed(1, 80ms), kStart);
  stagger.add(delayed(2, 50ms), kStart);
  CHECK(stagger.full());
  CHECK(stagger.next() == kStart + 50ms);
  CHECK(stagger.since(1) == kStart);
  CHECK(stagger.take_due(kStart + 49ms).empty());
  const auto first = stagger.take_due(kStart + 50ms);
  REQUIRE(first.size() == 1);
  CHECK(first[0].key == 2);
  CHECK_FALSE(stagger.since(2));
  CHECK(stagger.take_due(kStart + 1s).size() == 1);
  CHECK(stagger.size() == 0);
}
