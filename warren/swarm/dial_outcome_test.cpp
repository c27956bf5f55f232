// What is told of a dial: every address of the peer, and what became of it.
#include <doctest/doctest.h>

#include <map>

#include "warren/async/as_result.hpp"
#include "warren/swarm/test_node.hpp"

using namespace warren;

namespace {

const std::string kSilent = "/ip4/203.0.113.1/tcp/1";    // nobody has it; a low port, so it is dialed first
const std::string kRefused = "/ip4/198.51.100.2/tcp/2";  // bob's, and he does not listen there
const std::string kForeign = "/ip4/198.51.100.2/udp/4/quic";  // of no transport of ours

struct Told {
  Told() {
    watch = alice.host.events().dialed.subscribe([this](const DialOutcome& outcome) {
      CHECK(outcome.peer == bob.host.peer_id());
      CHECK(outcomes.emplace(outcome.address.to_string(), outcome).second);
    });
    good = bob.listen().addresses.front().to_string();
  }
  ~Told() {
    world.run(alice.host.close());
    world.run(bob.host.close());
  }

  // The dial's begin.
  Instant connect(const std::vector<std::string>& addresses) {
    for (const ConnectionPtr& connection : alice.host.connections()) connection->close();
    world.loop().advance(1s);
    outcomes.clear();
    PeerInfo peer{bob.host.peer_id(), {}};
    for (const std::string& text : addresses)
      peer.addresses.push_back(value_or_throw(Multiaddr::parse(text)));
    const Instant began = world.clock().now();
    connected = world.run(as_result(alice.host.connect(std::move(peer)))).has_value();
    return began;
  }

  sim::World world{41};
  TestNode alice{world.add_machine("alice")};
  TestNode bob{world.add_machine("bob")};
  std::string good;
  std::map<std::string, DialOutcome> outcomes;
  Subscription watch;
  bool connected = false;
};

}  // namespace

TEST_CASE_FIXTURE(Told, "the address that won, those that were slower, and those that were not dialed") {
  const Instant began = connect({kSilent, good, kForeign});
  CHECK(connected);
  REQUIRE(outcomes.size() == 3);
  const DialOutcome& won = outcomes.at(good);
  CHECK(won.won);
  CHECK(!won.error);
  CHECK(won.began > began);
  CHECK(won.took > 0ms);
  const DialOutcome& slower = outcomes.at(kSilent);
  CHECK(!slower.won);
  CHECK(!slower.error);
  CHECK(slower.began == began);
  CHECK(slower.took == *won.began + won.took - began);
  CHECK(slower.why.contains("faster"));
  const DialOutcome& foreign = outcomes.at(kForeign);
  CHECK(!foreign.began);
  CHECK(foreign.error == Errc::kNoTransport);
  CHECK(!foreign.why.empty());
}

TEST_CASE_FIXTURE(Told, "addresses that failed, and those that rest because they have") {
  connect({kRefused});
  CHECK(!connected);
  REQUIRE(outcomes.size() == 1);
  CHECK(outcomes.at(kRefused).error == Errc::kRefused);
  CHECK(outcomes.at(kRefused).began);
  CHECK(outcomes.at(kRefused).took == 20ms);

  connect({kRefused, good});
  CHECK(connected);
  REQUIRE(outcomes.size() == 2);
  CHECK(outcomes.at(good).won);
  CHECK(!outcomes.at(kRefused).began);
  CHECK(outcomes.at(kRefused).why.contains("back-off"));

  connect({kRefused, good});  // a success ends the rest
  CHECK(outcomes.at(kRefused).began);
  CHECK(outcomes.at(kRefused).error == Errc::kRefused);
}

TEST_CASE_FIXTURE(Told, "what the access list denies is not dialed") {
  const auto denied = value_or_throw(parse_access_subject("203.0.113.0/24"));
  value_or_throw(alice.host.access().set(denied, Access::kDenied));
  connect({kSilent});
  CHECK(!connected);
  CHECK(!outcomes.at(kSilent).began);
  CHECK(outcomes.at(kSilent).error == Errc::kDenied);
}

TEST_CASE_FIXTURE(Told, "a dial whose time is over says so of what ran") {
  connect({kSilent});
  CHECK(!connected);
  CHECK(outcomes.at(kSilent).error == Errc::kTimedOut);
  CHECK(outcomes.at(kSilent).took == SwarmLimits().dial_attempt_timeout);
}

TEST_CASE("addresses over the limit are told, too") {
  sim::World world(42);
  TestNode alice(world.add_machine("alice"), {.dial_addresses_max = 1});
  TestNode bob(world.add_machine("bob"));
  PeerInfo peer = bob.listen();
  peer.addresses.push_back(value_or_throw(Multiaddr::parse("/ip4/198.51.100.2/tcp/65535")));
  std::vector<DialOutcome> outcomes;
  const Subscription watch =
      alice.host.events().dialed.subscribe([&](const DialOutcome& outcome) { outcomes.push_back(outcome); });
  world.run(alice.host.connect(peer));
  REQUIRE(outcomes.size() == 2);
  CHECK(outcomes[0].won);
  CHECK(!outcomes[1].began);
  CHECK(outcomes[1].error == Errc::kLimitReached);
  CHECK(outcomes[1].why == "dial_addresses_max");
  world.run(alice.host.close());
  world.run(bob.host.close());
}
