#include "warren/broadcast/repair_plan.hpp"

#include <doctest/doctest.h>

#include <set>

#include "warren/broadcast/test_repair.hpp"
#include "warren/sim/random.hpp"

namespace warren {
namespace {

using test::kAlice;

struct Rounds {
  BroadcastLimits limits;
  RepairPlan plan{limits};
  sim::SeededRandom random{1};
  std::vector<PeerId> peers;
  Instant now{1h};

  explicit Rounds(std::uint8_t count) {
    for (std::uint8_t i = 1; i <= count; ++i)
      peers.push_back(PeerId::from_public_key(test::peer_key(i).public_key()));
  }
  std::optional<PeerId> choose(bool is_missing = false) {
    return plan.choose(peers, is_missing, now, random);
  }
  // Asks whom it is told to for so long, each having nothing to tell.
  std::vector<PeerId> run(Duration time, bool is_missing = false) {
    std::vector<PeerId> asked;
    for (const Instant end = now + time; now < end; now += 100ms) {
      const auto peer = choose(is_missing);
      if (!peer) continue;
      asked.push_back(*peer);
      plan.answered(*peer, {}, false, now);
    }
    return asked;
  }
};

TEST_CASE("a new peer is asked at once, and all now and then") {
  Rounds with(3);
  CHECK(Rounds(0).run(1h).empty());
  auto asked = with.run(3s);
  CHECK(asked == with.peers);
  asked = with.run(100s);
  CHECK(asked.size() >= 16);
  CHECK(asked.size() <= 27);
  CHECK(std::set<PeerId>(asked.begin(), asked.end()).size() == 3);
  with.run(10s);
  const PeerId late = PeerId::from_public_key(test::peer_key(9).public_key());
  with.peers.push_back(late);
  with.now += 1s;
  CHECK(with.choose() == late);
  with.peers.pop_back();  // it goes, and comes back
  with.run(5s);
  with.peers.push_back(late);
  with.now += 1s;
  CHECK(with.choose() == late);
}

TEST_CASE("while something is missing, one is asked after the other") {
  Rounds with(5);
  with.run(20s);
  const auto asked = with.run(5s, true);
  CHECK(asked.size() == 5);
  CHECK(std::set<PeerId>(asked.begin(), asked.end()).size() == 5);
}

TEST_CASE("who has more is asked again at once, but not faster than it serves") {
  Rounds with(3);
  with.run(20s);
  with.now += 10s;
  const auto peer = with.choose();
  REQUIRE(peer);
  int answers = 0;
  for (const Instant end = with.now + 10s; with.now < end; with.now += 100ms) {
    with.plan.answered(*peer, {}, true, with.now);
    CHECK(with.plan.is_fetching());
    const auto again = with.choose();
    if (again) ++answers;
    CHECK(again.value_or(*peer) == *peer);
  }
  CHECK(answers > 15);
  CHECK(answers <= 30);
  with.plan.failed(*peer, with.now);
  CHECK_FALSE(with.plan.is_fetching());
  with.plan.answered(*peer, {}, true, with.now);
  with.peers.clear();
  CHECK_FALSE(with.choose());
  CHECK_FALSE(with.plan.is_fetching());
}

TEST_CASE("a message is hopeless when all have said that it is gone") {
  Rounds with(2);
  const BroadcastRanges missing{{kAlice, 5, 9}};
  const auto hopeless = [&] { return count(with.plan.hopeless(missing, with.peers)); };
  CHECK(hopeless() == 0);
  with.plan.answered(with.peers[0], {{kAlice, 1, 7}, {kAlice, 9, 20}}, false, with.now);
  CHECK(hopeless() == 0);  // the other may have it
  with.plan.failed(with.peers[1], with.now);
  CHECK(hopeless() == 0);  // it has not said so
  with.plan.answered(with.peers[1], {{kAlice, 6, 9}}, false, with.now);
  const auto lost = with.plan.hopeless(missing, with.peers);
  REQUIRE(lost.size() == 2);
  CHECK(lost[0].first == 6);
  CHECK(lost[0].last == 7);
  CHECK(lost[1].first == 9);
  CHECK(lost[1].last == 9);
  with.plan.answered(with.peers[1], {{kAlice, 6, 9}}, true, with.now);
  CHECK(hopeless() == 0);  // more is to come
}

}  // namespace
}  // namespace warren
