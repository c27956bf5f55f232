// What a node learns of its own reachability, and how it stays reachable, in virtual time.
#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/node/test_suburb.hpp"

using namespace warren;
using autonat::Verdict;
using test::holds_relay;
using test::Suburb;

namespace {

void serve_echo(Node& node) {
  node.serve("echo", [](ServiceCall call) -> Task<Bytes> { co_return call.payload; });
}

struct Expected {
  const char* type;
  stun::Behavior mapping;
  stun::Behavior filtering;
  Verdict udp;
};

using enum stun::Behavior;
constexpr Expected kTypes[] = {
    {"full-cone", kEndpointIndependent, kEndpointIndependent, Verdict::kReachable},
    {"address-restricted", kEndpointIndependent, kAddressDependent, Verdict::kUnreachable},
    {"port-restricted", kEndpointIndependent, kAddressAndPortDependent, Verdict::kUnreachable},
    {"symmetric-random", kAddressAndPortDependent, kAddressAndPortDependent, Verdict::kUnreachable},
    {"symmetric-sequential", kAddressAndPortDependent, kAddressAndPortDependent, Verdict::kUnreachable},
};

}  // namespace

TEST_CASE("a home learns its NAT's class within five seconds, holds a relay, and is reached by its NodeID") {
  for (const Expected& expected : kTypes) {
    CAPTURE(std::string(expected.type));
    Suburb net;
    net.world.loop().advance(2s);
    Node& home = net.add_home("home", expected.type);
    serve_echo(home);
    net.world.loop().advance(5s);
    const Netcheck check = net.world.run(home.reachability().netcheck());
    REQUIRE(check.ip4.udp);
    CHECK(check.ip4.udp->mapping == expected.mapping);
    CHECK(check.ip4.udp->filtering == expected.filtering);
    CHECK(check.ip4.udp_reachable == expected.udp);
    CHECK(holds_relay(home));
    CHECK(home.reachability().status().behind_nat);

    Node& asker = net.add_home("asker", "port-restricted");
    net.world.loop().advance(3s);
    const Instant began = net.world.clock().now();
    CHECK(net.world.run(asker.request(home.node_id(), "echo", to_bytes("hello"))) == to_bytes("hello"));
    CHECK(net.world.clock().now() - began < 1500ms);
  }
}

TEST_CASE("with UDP blocked a home says so, and is reached over TCP through its relay") {
  Suburb net;
  net.world.loop().advance(2s);
  Node& home = net.add_home("home", "udp-blocked");
  serve_echo(home);
  net.world.loop().advance(7s);
  const Netcheck check = net.world.run(home.reachability().netcheck());
  REQUIRE(check.ip4.udp);
  CHECK_FALSE(check.ip4.udp->udp);
  CHECK(check.ip4.udp_reachable != Verdict::kReachable);
  CHECK(holds_relay(home));
  Node& asker = net.add_home("asker", "full-cone");
  net.world.loop().advance(3s);
  CHECK(net.world.run(asker.request(home.node_id(), "echo", to_bytes("hello"))) == to_bytes("hello"));
  CHECK_FALSE(home.reachability().status().advice.empty());
}

TEST_CASE("the first public node of a network relays, though nobody can tell it that it is reachable") {
  Suburb net(1);
  net.world.loop().advance(1s);
  const ReachabilityStatus status = net.nodes[0]->reachability().status();
  CHECK(status.relays_for_others);
  CHECK(status.reachability == Verdict::kUnknown);
  CHECK(status.advice.empty());
}

TEST_CASE("what the configuration says of reachability wins") {
  Suburb net;
  net.world.loop().advance(2s);
  Node& open = net.add_home("open", "full-cone", [](Config& config) {
    config.reachability.reachable = Verdict::kReachable;
    config.reachability.announce = {value_or_throw(Multiaddr::parse("/ip4/82.2.2.2/udp/4001/quic-v1"))};
  });
  net.world.loop().advance(5s);
  CHECK(open.reachability().status().reachability == Verdict::kReachable);
  CHECK(open.reachability().relays().empty());
  const auto told = open.addresses();
  CHECK(std::ranges::find(told, value_or_throw(Multiaddr::parse("/ip4/82.2.2.2/udp/4001/quic-v1"))) !=
        told.end());
}

TEST_CASE("a relay that dies is replaced, and taken back when it returns") {
  Suburb net;
  net.world.loop().advance(2s);
  Node& home = net.add_home("home", "port-restricted");
  net.world.loop().advance(5s);
  REQUIRE(home.reachability().relays().size() >= 2);
  net.machines[0]->crash();
  net.world.cut(*net.machines[0], *net.machines[2]);
  net.world.loop().advance(5s);
  CHECK(holds_relay(home));
  Node& asker = net.add_home("asker", "port-restricted");
  serve_echo(home);
  net.world.loop().advance(2s);
  CHECK(net.world.run(asker.request(home.node_id(), "echo", to_bytes("hello"))) == to_bytes("hello"));
}

TEST_CASE("a circuit carries what its relay allows, and says so when that is too little") {
  Suburb net;
  net.world.loop().advance(2s);
  Node& home = net.add_home("home", "symmetric-random");
  serve_echo(home);
  Node& asker = net.add_home("asker", "symmetric-random");
  net.world.loop().advance(7s);
  const Instant began = net.world.clock().now();
  const auto large =
      net.world.run(as_result(asker.request(home.node_id(), "echo", Bytes(10 * 1024 * 1024, 7))));
  REQUIRE_FALSE(large.has_value());
  CHECK(large.error() == Errc::kLimitedByBudget);
  CHECK(net.world.clock().now() - began < 5s);
  CHECK(net.world.run(asker.request(home.node_id(), "echo", to_bytes("hello"))) == to_bytes("hello"));
}

TEST_CASE("who insists on a direct path is told that there is none") {
  Suburb net;
  net.world.loop().advance(2s);
  Node& home = net.add_home("home", "symmetric-random");
  serve_echo(home);
  Node& asker = net.add_home("asker", "symmetric-random");
  net.world.loop().advance(7s);
  const auto direct = net.world.run(
      as_result(asker.request(home.node_id(), "echo", to_bytes("hello"), 30s, PathPolicy::kDirectOnly)));
  REQUIRE_FALSE(direct.has_value());
  CHECK(direct.error() == Errc::kNoDirectPath);
}

TEST_CASE("a node goes through its life in order") {
  Suburb net(1);
  net.world.loop().advance(1s);
  CHECK(net.nodes[0]->reachability().status().stage == LifeStage::kListening);
  Node& home = net.add_home("home", "full-cone");
  CHECK(home.reachability().status().stage == LifeStage::kBootstrapping);
  net.world.loop().advance(3s);
  CHECK(home.reachability().status().stage == LifeStage::kAnnounced);
}
