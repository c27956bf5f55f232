// Forecasts of a NAT's next mappings, over a simulated network.
#include "warren/protocols/stun/predict.hpp"

#include <doctest/doctest.h>

#include "warren/core/test_values.hpp"
#include "warren/protocols/stun/client.hpp"
#include "warren/protocols/stun/server.hpp"
#include "warren/sim/router.hpp"
#include "warren/swarm/test_node.hpp"

using namespace warren;
using namespace warren::stun;
using namespace warren::testing;

namespace {

struct StunOfTwo {
  StunOfTwo(sim::World& in, const std::string& name, std::string_view address)
      : world(in), node(in.add_machine(name, {ip(address)})) {
    node.listen("/udp/4001/quic-v1");
    server.start();
  }
  ~StunOfTwo() {
    world.run(server.close());
    world.run(node.host.close());
  }
  Endpoint primary() const { return {node.machine.address(), 4001}; }

  sim::World& world;
  TestNode node;
  Limit all{"", "", 200}, per_ip{"", "", 50};
  Server server{node.host, node.quic, all, per_ip};
};

struct Home {
  explicit Home(std::string_view type, std::uint64_t seed = 3)
      : world(seed),
        a(world, "a", "198.51.100.10"),
        b(world, "b", "198.51.100.20"),
        router(world.add_router("home", sim::NatOptions::of_type(type).value(), ip("203.0.113.1"))),
        alice(world.add_machine_behind(router, "alice")) {
    value_or_throw(alice.host.listen(value_or_throw(Multiaddr::parse("/ip4/0.0.0.0/udp/4001/quic-v1"))));
  }
  ~Home() { world.run(alice.host.close()); }

  NatReport survey() {
    Client client(alice.host, alice.quic);
    auto reports = world.run(client.survey({a.primary(), b.primary()}));
    REQUIRE(reports.size() == 1);
    return reports.front();
  }
  std::vector<Endpoint> predict(const NatReport& report, std::size_t count) {
    const Instant began = world.clock().now();
    auto found = world.run(stun::predict(alice.machine.env(), report, count));
    took = world.clock().now() - began;
    return found;
  }
  // Where the listening socket is seen by one that it had not sent to.
  Endpoint seen_by_stranger(std::string_view address) {
    sim::Machine& machine = world.add_machine(std::string(address), {ip(address)});
    auto socket = value_or_throw(machine.env().network.bind_udp({IpAddress(), 7000}));
    world.run(alice.quic.send(alice.quic.endpoints().front(), {ip(address), 7000}, {1, 2, 3}));
    return world.run(socket->receive()).front().from;
  }

  sim::World world;
  StunOfTwo a, b;
  sim::Router& router;
  TestNode alice;
  Duration took{};
};

}  // namespace

TEST_CASE("the next mappings of the listening socket are those that were predicted, in their order") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    CAPTURE(seed);
    Home home("symmetric-sequential", seed);
    const auto predicted = home.predict(home.survey(), 3);
    CHECK(home.took < 100ms);
    REQUIRE(predicted.size() == 3);
    CHECK(predicted[0] == home.seen_by_stranger("192.0.2.1"));
    CHECK(predicted[1] == home.seen_by_stranger("192.0.2.2"));
    CHECK(predicted[2] == home.seen_by_stranger("192.0.2.3"));
  }
}

TEST_CASE("nothing is predicted for other NATs, nor without a server") {
  for (const std::string_view type : {"symmetric-random", "port-restricted", "full-cone"}) {
    CAPTURE(type);
    Home home(type);
    CHECK(home.predict(home.survey(), 4).empty());
    CHECK(home.took == Duration::zero());
  }
  Home home("symmetric-sequential");
  NatReport report = home.survey();
  CHECK(home.predict(report, 0).empty());
  report.servers.clear();
  CHECK(home.predict(report, 4).empty());
}

TEST_CASE("a server that is silent costs half a second; one lost datagram does not matter") {
  Home home("symmetric-sequential");
  const NatReport report = home.survey();
  const sim::Machine& server = home.a.node.machine;
  home.world.cut(home.alice.machine, server);
  CHECK(home.predict(report, 4).empty());
  CHECK(home.took >= 400ms);
  CHECK(home.took <= 600ms);

  home.world.loop().at(home.world.clock().now() + 100ms,
                       [&] { home.world.mend(home.alice.machine, server); });
  CHECK(home.predict(report, 4).size() == 4);
  CHECK(home.took >= kPredictAgain);
  CHECK(home.took <= 400ms);
}
