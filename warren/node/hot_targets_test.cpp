#include "warren/node/hot_targets.hpp"

#include <doctest/doctest.h>

#include "warren/core/test_values.hpp"
#include "warren/swarm/peerstore.hpp"

using namespace warren;
using testing::keyless_peer;

namespace {

const Multiaddr kOld = value_or_throw(Multiaddr::parse("/ip4/192.0.2.1/tcp/1"));
const Multiaddr kNew = value_or_throw(Multiaddr::parse("/ip4/192.0.2.2/tcp/1"));
constexpr Instant kNow = Instant{} + 1h;
const std::vector<PeerId> kNobody;

struct Hot {
  void use(std::uint16_t number, int times, Instant now = kNow) {
    for (int i = 0; i < times; ++i) targets.note_use(keyless_peer(number), now);
  }
  void know(std::uint16_t number, const Multiaddr& address, Instant until) {
    store.add_addresses(keyless_peer(number), {address}, AddressSource::kReported, until);
  }
  std::vector<PeerId> due(Instant now = kNow) { return targets.due(now, store); }

  HotTargets targets;
  MemoryPeerstore store;
};

}  // namespace

TEST_CASE_FIXTURE(Hot, "a target is hot from its second use on, and cools down") {
  use(1, 1);
  CHECK(due() == kNobody);
  use(1, 1);
  CHECK(due() == std::vector{keyless_peer(1)});
  CHECK(targets.is_hot(keyless_peer(1), kNow + 15min));
  CHECK(!targets.is_hot(keyless_peer(1), kNow + 15min + 1s));
  CHECK(due(kNow + 16min) == kNobody);
  use(2, 20);
  CHECK(targets.is_hot(keyless_peer(2), kNow + 31min));
  CHECK(!targets.is_hot(keyless_peer(2), kNow + 32min));
}

TEST_CASE_FIXTURE(Hot, "addresses are looked up before the best one expires") {
  use(1, 100);
  know(1, kOld, kNow + 20min);
  CHECK(due() == kNobody);
  CHECK(due(kNow + 15min) == kNobody);
  CHECK(due(kNow + 15min + 1s) == std::vector{keyless_peer(1)});
  know(1, kOld, kNow + 40min);
  targets.refreshed(keyless_peer(1), kNow + 15min + 1s);
  CHECK(due(kNow + 16min) == kNobody);
  CHECK(due(kNow + 36min) == std::vector{keyless_peer(1)});
}

TEST_CASE_FIXTURE(Hot, "and when none leads there any more, or the peer is lost") {
  use(1, 100);
  know(1, kOld, kNow + 10h);
  store.note_dial(keyless_peer(1), kOld, true, kNow);
  CHECK(due() == kNobody);
  store.note_dial(keyless_peer(1), kOld, false, kNow);
  CHECK(due() == std::vector{keyless_peer(1)});
  know(1, kNew, kNow + 10h);
  CHECK(due() == kNobody);
  targets.note_lost(keyless_peer(1));
  CHECK(due() == std::vector{keyless_peer(1)});
  targets.refreshed(keyless_peer(1), kNow);
  CHECK(due(kNow + 1h) == kNobody);
  targets.note_lost(keyless_peer(9));
  CHECK(targets.size() == 1);
}

TEST_CASE_FIXTURE(Hot, "a lookup that does not help is repeated less and less often") {
  use(1, 3000);  // hot for more than an hour
  std::vector<Duration> waits;
  Instant last = kNow;
  for (Instant now = kNow; now < kNow + 40min; now += 1s) {
    if (due(now).empty()) continue;
    waits.push_back(now - last);
    last = now;
    targets.refreshed(keyless_peer(1), now);
  }
  CHECK(waits == std::vector<Duration>{0s, 15s, 30s, 60s, 120s, 240s, 480s, 600s, 600s});
  know(1, kNew, last + 10h);
  CHECK(due(last + 600s) == kNobody);
  targets.note_lost(keyless_peer(1));
  CHECK(due(last + 600s) == std::vector{keyless_peer(1)});
  targets.refreshed(keyless_peer(1), last + 600s);
  targets.note_lost(keyless_peer(1));
  CHECK(due(last + 614s) == kNobody);
  CHECK(due(last + 615s) == std::vector{keyless_peer(1)});
}

TEST_CASE_FIXTURE(Hot, "a scan of thousands neither grows it nor pushes out those used often") {
  use(1, 500);
  use(2, 400);
  for (std::uint16_t number = 1000; number < 5000; ++number) use(number, 1);
  CHECK(targets.size() == HotTargetLimits{}.targets_max);
  CHECK(due() == std::vector{keyless_peer(1), keyless_peer(2)});
  // A newcomer becomes hot among them.
  use(7, 2);
  CHECK(targets.is_hot(keyless_peer(7), kNow));
}

TEST_CASE_FIXTURE(Hot, "the hottest are named first, a few at a time") {
  for (std::uint16_t number = 1; number <= 20; ++number) use(number, number + 1);
  const auto first = due();
  REQUIRE(first.size() == HotTargetLimits{}.due_max);
  CHECK(first.front() == keyless_peer(20));
  for (const PeerId& each : first) targets.refreshed(each, kNow);
  CHECK(due().front() == keyless_peer(12));
}
