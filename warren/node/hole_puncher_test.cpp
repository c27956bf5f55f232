// Homes behind routers of each kind that talk through a relay at once and directly a moment later, in virtual
// time: whole nodes, 20 ms one way between any two machines.
#include "warren/node/hole_puncher.hpp"

#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/core/test_values.hpp"
#include "warren/node/test_suburb.hpp"

using namespace warren;
using test::Suburb;

namespace {

Bytes hello() {
  return to_bytes(as_bytes("hello"));
}

struct Neighbors {
  Neighbors(std::string_view one, std::string_view other, const Suburb::Adjust& adjust = {}) {
    net.world.loop().advance(2s);
    asker = &net.add_home("asker", one, adjust);
    asked = &net.add_home("asked", other, adjust);
    asked->serve("echo", [](ServiceCall call) -> Task<Bytes> { co_return call.payload; });
    net.world.loop().advance(5s);
    REQUIRE(test::holds_relay(*asked));
  }

  void ask() { CHECK(net.world.run(asker->request(asked->node_id(), "echo", hello())) == hello()); }
  PathReport why(Node& node, Node& other) { return net.world.run(node.why(other.peer_id())); }
  // How long it takes until the path is direct; nothing when it is not by then.
  std::optional<Duration> until_direct(Duration within) {
    const Instant began = net.world.clock().now();
    while (net.world.clock().now() - began < within) {
      if (why(*asker, *asked).verdict == PathVerdict::kDirect) return net.world.clock().now() - began;
      net.world.loop().advance(50ms);
    }
    return std::nullopt;
  }

  Suburb net;
  Node* asker = nullptr;
  Node* asked = nullptr;
};

struct Case {
  const char* asker;
  const char* asked;
  PathMeans means;
  Duration within;
};

// One of each means, and TCP; all pairs are in test/sim/punch and in test/net.
constexpr Case kDirectPairs[] = {
    {"port-restricted", "port-restricted", PathMeans::kPunch, 3s},
    {"symmetric-random", "address-restricted", PathMeans::kPunch, 3s},
    {"port-restricted", "symmetric-sequential", PathMeans::kPredict, 5s},
    {"port-restricted", "symmetric-random", PathMeans::kSpray, 20s},
    {"udp-blocked", "port-restricted", PathMeans::kPunch, 3s},
};

}  // namespace

TEST_CASE("two homes are connected through a relay at once, and directly soon after") {
  for (const Case& pair : kDirectPairs) {
    CAPTURE(std::string(pair.asker) + " asks " + pair.asked);
    Neighbors homes(pair.asker, pair.asked);
    homes.ask();
    const auto took = homes.until_direct(pair.within);
    REQUIRE(took.has_value());
    // Nobody else is needed any more.
    for (int server : {0, 1}) homes.net.world.run(homes.net.nodes[server]->stop());
    homes.ask();
    const PathReport report = homes.why(*homes.asked, *homes.asker);
    CHECK(report.verdict == PathVerdict::kDirect);
    CHECK_FALSE(report.reason.has_value());
  }
}

TEST_CASE("two hard NATs: the path stays relayed, and both sides know why") {
  Neighbors homes("symmetric-random", "symmetric-random");
  homes.ask();
  homes.net.world.loop().advance(10s);
  homes.ask();
  for (const auto& [node, other] : {std::pair(homes.asker, homes.asked), {homes.asked, homes.asker}}) {
    const PathReport report = homes.why(*node, *other);
    CHECK(report.verdict == PathVerdict::kRelayed);
    CHECK(report.reason == RelayReason::kBothHardNat);
    CHECK_FALSE(report.advice.empty());
    REQUIRE(report.theirs.has_value());
    CHECK(report.theirs->is_hard());
  }
}

TEST_CASE("who wants no direct path has none, and its peers are told") {
  const auto relayed_only = [](Config& config) { config.punch.enabled = false; };
  Neighbors homes("port-restricted", "port-restricted", relayed_only);
  homes.ask();
  CHECK_FALSE(homes.until_direct(10s).has_value());
  CHECK(homes.why(*homes.asker, *homes.asked).reason == RelayReason::kPolicyRelayOnly);
  CHECK(homes.why(*homes.asked, *homes.asker).reason == RelayReason::kPolicyRelayOnly);
}

TEST_CASE("where a peer stands is known as long as it is connected, whether holes are punched or not") {
  for (const bool enabled : {true, false}) {
    CAPTURE(enabled);
    Neighbors homes("symmetric-random", "symmetric-random");
    Node& third = homes.net.add_home("third", "symmetric-random",
                                     [&](Config& config) { config.punch.enabled = enabled; });
    homes.net.world.loop().advance(5s);
    third.serve("echo", [](ServiceCall call) -> Task<Bytes> { co_return call.payload; });
    CHECK(homes.net.world.run(third.request(homes.asked->node_id(), "echo", hello())) == hello());
    homes.net.world.loop().advance(3s);
    CHECK(homes.why(third, *homes.asked).theirs.has_value());
    homes.net.world.run(homes.asked->stop());
    homes.net.world.loop().advance(5s);
    CHECK_FALSE(homes.why(third, *homes.asked).theirs.has_value());
  }
}

TEST_CASE("a direct path that somebody waits for: the peer is asked to begin, and the wait ends") {
  Neighbors homes("port-restricted", "port-restricted");
  homes.ask();
  homes.net.world.run(homes.asker->seek_direct_path(homes.asked->peer_id()));
  CHECK(homes.why(*homes.asker, *homes.asked).verdict == PathVerdict::kDirect);

  Neighbors hard("symmetric-random", "symmetric-random");
  hard.ask();
  const Instant began = hard.net.world.clock().now();
  hard.net.world.run(hard.asker->seek_direct_path(hard.asked->peer_id()));
  CHECK(hard.net.world.clock().now() - began < 5s);
}

TEST_CASE("of a peer that nobody has heard of there is nothing to say") {
  Suburb net;
  Node& home = net.add_home("home", "port-restricted");
  const auto report = net.world.run(as_result(home.why(testing::keyless_peer(7))));
  REQUIRE_FALSE(report.has_value());
  CHECK(report.error() == Errc::kNotFound);
}
