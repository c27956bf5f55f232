// How fast and how far a node dials.
#include "warren/swarm/test_crowd.hpp"

using namespace warren;

namespace {

struct Outcome {
  std::error_code error;
  std::string what;
  Duration took{};
};

Task<void> dial(Clock* clock, SwarmHost* host, PeerInfo peer, std::vector<Outcome>* outcomes) {
  const Instant start = clock->now();
  const auto connection = co_await as_outcome(host->connect(std::move(peer)));
  const Duration took = clock->now() - start;
  if (connection) {
    outcomes->push_back({{}, {}, took});
  } else {
    outcomes->push_back({connection.error().code(), connection.error().what(), took});
  }
}

// Bob dials so many others at once.
std::vector<Outcome> dial_at_once(Crowd& crowd, int count) {
  std::vector<Outcome> outcomes;
  TaskGroup dialing(crowd.bob_machine.env().executor, "test");
  for (int i = 0; i < count; ++i) {
    dialing.spawn(dial(&crowd.world.clock(), &crowd.bob.host, crowd.add().listen(), &outcomes));
  }
  crowd.world.run(dialing.join());
  return outcomes;
}

}  // namespace

TEST_CASE("dials_per_second_max: further dials wait their turn") {
  Crowd crowd({.dials_per_second_max = 4});
  const auto outcomes = dial_at_once(crowd, 8);
  CHECK(crowd.connections() == 8);
  const Duration handshake = outcomes.front().took;
  for (std::size_t i = 0; i < 4; ++i) CHECK(outcomes[i].took == handshake);
  for (std::size_t i = 4; i < 8; ++i) CHECK(outcomes[i].took == handshake + (i - 3) * 250ms);
  CHECK(crowd.use(&SwarmLimits::dials_per_second_max).used > 0);
  CHECK(crowd.use(&SwarmLimits::dials_per_second_max).refused == 0);
  crowd.check_all_is_given_back();
}

TEST_CASE("dials_per_second_max: who would wait for too long is refused, with the limit's name") {
  Crowd crowd({.dials_per_second_max = 2, .dial_attempt_timeout = 3s});
  const auto outcomes = dial_at_once(crowd, 12);
  CHECK(crowd.connections() == 2 + 6);
  const auto refused = std::ranges::count(outcomes, make_error_code(Errc::kLimitReached), &Outcome::error);
  CHECK(refused == 4);
  CHECK(outcomes.front().what.contains("dials_per_second_max"));  // it need not wait to learn that
  CHECK(outcomes.front().took == 0s);
  CHECK(crowd.use(&SwarmLimits::dials_per_second_max).refused == 4);
  CHECK(crowd.bob.host.counters().dials_failed == 4);
  crowd.check_all_is_given_back();
}

TEST_CASE("a dial that is canceled while it waits leaves its turn to others") {
  Crowd crowd({.dials_per_second_max = 1});
  TaskGroup dialing(crowd.bob_machine.env().executor, "test");
  std::vector<Outcome> outcomes;
  for (int i = 0; i < 4; ++i) {
    dialing.spawn(dial(&crowd.world.clock(), &crowd.bob.host, crowd.add().listen(), &outcomes));
  }
  crowd.world.loop().advance(100ms);
  crowd.world.run(crowd.bob.host.close());
  crowd.world.run(dialing.join());
  crowd.world.loop().advance(1s);
  crowd.check_all_is_given_back();
}

TEST_CASE("dial_addresses_max: further addresses are not tried, and the error says so") {
  Crowd crowd({.dial_addresses_max = 2});
  TestNode& node = crowd.add();
  PeerInfo alice = node.listen();
  for (int port = 1; port <= 3; ++port) {
    const std::string text = "/ip4/" + node.machine.address().to_string() + "/tcp/" + std::to_string(port);
    alice.addresses.insert(alice.addresses.begin(), value_or_throw(Multiaddr::parse(text)));
  }
  const auto refused = crowd.world.run(as_outcome(crowd.bob.host.connect(alice)));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == Errc::kRefused);
  CHECK(std::string_view(refused.error().what()).contains("dial_addresses_max"));
  CHECK(crowd.use(&SwarmLimits::dial_addresses_max).used == 2);
  CHECK(crowd.use(&SwarmLimits::dial_addresses_max).refused == 1);
}
