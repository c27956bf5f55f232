#include "warren/node/reachability_rules.hpp"

#include <doctest/doctest.h>

namespace warren {

using autonat::Verdict;

namespace {

ReachabilityFacts home() {
  return {.profile = Profile::kHome, .listens_beyond_loopback = true};
}

ReachabilityFacts server() {
  return {.profile = Profile::kServer, .has_public_address = true, .listens_beyond_loopback = true};
}

}  // namespace

TEST_CASE("a home with private addresses wants relays before anybody has said anything") {
  CHECK(wants_relays({}, home()));
  auto at_home = home();
  at_home.has_public_address = true;
  CHECK_FALSE(wants_relays({}, at_home));
  at_home.verdict = Verdict::kUnreachable;
  CHECK(wants_relays({}, at_home));
}

TEST_CASE("behind a NAT relays are kept whatever peers say") {
  auto facts = home();
  facts.behind_nat = true;
  facts.verdict = Verdict::kReachable;
  CHECK(wants_relays({}, facts));
}

TEST_CASE("the configuration has the last word on relays") {
  ReachabilityConfig config;
  config.use_relays = false;
  CHECK_FALSE(wants_relays(config, home()));
  config.relays = {Multiaddr()};
  CHECK(wants_relays(config, server()));
  config.reachable = Verdict::kReachable;
  CHECK_FALSE(wants_relays(config, home()));
}

TEST_CASE("a node that only itself can talk to, and one of a local network, want none") {
  auto facts = home();
  facts.listens_beyond_loopback = false;
  CHECK_FALSE(wants_relays({}, facts));
  facts = home();
  facts.profile = Profile::kLan;
  facts.verdict = Verdict::kUnreachable;
  CHECK_FALSE(wants_relays({}, facts));
  ReachabilityConfig config;
  config.private_network = true;
  CHECK_FALSE(wants_relays(config, home()));
}

TEST_CASE("a server relays until it is found unreachable") {
  auto facts = server();
  CHECK(offers_relay({}, facts));
  CHECK(helps_others({}, facts));
  CHECK_FALSE(wants_relays({}, facts));
  facts.verdict = Verdict::kUnreachable;
  CHECK_FALSE(offers_relay({}, facts));
  CHECK_FALSE(helps_others({}, facts));
  CHECK(wants_relays({}, facts));
}

TEST_CASE("a server without a public address relays once it is reachable") {
  auto facts = server();
  facts.has_public_address = false;
  CHECK_FALSE(offers_relay({}, facts));
  facts.verdict = Verdict::kReachable;
  CHECK(offers_relay({}, facts));
}

TEST_CASE("a home relays for others when its owner says so, and only then") {
  auto facts = home();
  facts.verdict = Verdict::kReachable;
  CHECK_FALSE(offers_relay({}, facts));
  ReachabilityConfig config;
  config.relay_service = true;
  CHECK(offers_relay(config, facts));
  config.relay_service = false;
  CHECK_FALSE(offers_relay(config, server()));
}

TEST_CASE("a reachable home serves the DHT, unless its mode is set") {
  DiscoveryConfig config;
  CHECK(dht_mode(config, Verdict::kUnknown) == kad::Mode::kClient);
  CHECK(dht_mode(config, Verdict::kReachable) == kad::Mode::kServer);
  config.dht_mode = kad::Mode::kClient;
  CHECK(dht_mode(config, Verdict::kReachable) == kad::Mode::kClient);
  config.dht_mode.reset();
  config.profile = Profile::kServer;
  CHECK(dht_mode(config, Verdict::kUnreachable) == kad::Mode::kServer);
}

TEST_CASE("advice names what helps, and nothing when all is well") {
  CHECK(advice({}, server()).empty());
  auto facts = home();
  facts.behind_nat = true;
  facts.verdict = Verdict::kUnreachable;
  CHECK(advice({}, facts).size() == 2);  // forward the port; name a relay
  facts.relays_held = 2;
  CHECK(advice({}, facts).size() == 1);
  facts.udp_blocked = true;
  CHECK(advice({}, facts).size() == 2);
  ReachabilityConfig config;
  config.use_relays = false;
  CHECK(advice(config, facts).back().find("use = true") != std::string::npos);
}

}  // namespace warren
