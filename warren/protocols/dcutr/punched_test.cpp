// Whole rounds between two homes in a simulated world: routers that let nobody in, a relay, and afterwards a
// direct path.
#include <doctest/doctest.h>

#include <cmath>

#include "warren/async/as_result.hpp"
#include "warren/core/circuit.hpp"
#include "warren/core/ip_address.hpp"
#include "warren/core/test_values.hpp"
#include "warren/protocols/dcutr/dcutr.hpp"
#include "warren/protocols/relay/test_world.hpp"

using namespace warren;
using namespace warren::dcutr;
using namespace warren::testing;

namespace {

constexpr std::uint16_t kPort = 4001;

// Notes when it is asked, and lets the host do it.
struct NotingDialer final : PunchDialer {
  NotingDialer(PunchDialer& host, Clock& clock) : host(host), clock(clock) {}
  Task<PunchOutcome> punch(PunchCall call) override {
    instants.push_back(clock.now());
    PunchOutcome outcome = co_await host.punch(std::move(call));
    co_return outcome;
  }
  PunchDialer& host;
  Clock& clock;
  std::vector<Instant> instants;
};

// A node behind a router of its own.
struct Home {
  Home(sim::World& in, const std::string& name, sim::Router& router, const std::string& transport)
      : world(in),
        node(in.add_machine_behind(router, name), {}, {TestNode::Security::kNoise}, {}, {}, {&circuits}),
        dialer(node.host, in.clock()) {
    circuits.attach(node.host);
    std::ignore = node.listen(transport);
    REQUIRE(node.host.listen(address("/p2p-circuit")));
    const std::string at = "/ip4/" + router.outside().to_string() + transport;
    standing.mapping = router.options().mapping == sim::NatBehavior::kEndpointIndependent
                           ? NatMapping::kEndpointIndependent
                           : NatMapping::kDependent;
    standing.addresses = {address(at)};
    standing.outside = {router.outside()};
    dcutr.emplace(Needs{.host = node.host,
                        .dialer = dialer,
                        .punches = punches,
                        .position = [this] { return standing; },
                        .predicted = {}});
    dcutr->start();
    watching = dcutr->ended().subscribe([this](const PunchRound& round) { rounds.push_back(round); });
  }
  ~Home() {
    if (relays) world.run(relays->close());
    world.run(node.host.close());
    world.run(dcutr->close());
  }
  static Multiaddr address(const std::string& text) { return value_or_throw(Multiaddr::parse(text)); }
  void need_relay(const PeerInfo& relay) {
    relays.emplace(node.host, circuits, relay::ClientConfig{.configured = {relay}, .wanted_max = 1});
    relays->start();
    relays->want(true);
    relay::wait_until(world, 5s, [&] { return !relays->addresses().empty(); });
    REQUIRE_FALSE(relays->addresses().empty());
  }
  // The peer's end of a direct path, as this side sees it.
  std::optional<Multiaddr> sees_directly(const PeerId& peer) const {
    for (const ConnectionPtr& connection : node.host.connections(peer)) {
      if (connection->is_open() && !is_circuit(connection->remote_address())) {
        return connection->remote_address();
      }
    }
    return std::nullopt;
  }

  sim::World& world;
  relay::CircuitTransport circuits;
  TestNode node;
  NotingDialer dialer;
  Limit punches{"punches_max", "punches", 4};
  NatPosition standing;
  std::optional<relay::Client> relays;
  std::optional<Dcutr> dcutr;
  std::vector<PunchRound> rounds;
  Subscription watching;
};

// Alice has reached Bob over the relay.
struct Town {
  Town(const std::string& transport, const std::string& alices, const std::string& bobs, Duration one_way)
      : world(11),
        alice_router(world.add_router("alice's", *sim::NatOptions::of_type(alices), {ip(198, 18, 1, 1)})),
        bob_router(world.add_router("bob's", *sim::NatOptions::of_type(bobs), {ip(198, 18, 2, 1)})),
        alice(world, "alice", alice_router, transport),
        bob(world, "bob", bob_router, transport) {
    world.set_delay(alice.node.machine, bob.node.machine, one_way);
    for (Home* home : {&alice, &bob}) world.set_delay(home->node.machine, relay.node.machine, one_way);
    relay.offer_relay();
    bob.need_relay(relay.info);
    const PeerInfo reached{bob.node.host.peer_id(), bob.relays->addresses()};
    REQUIRE(world.run(as_result(alice.node.host.connect(reached))));
    relay::wait_until(world, 5s,
                      [&] { return !bob.node.host.connections(alice.node.host.peer_id()).empty(); });
  }
  static IpAddress ip(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
    return IpAddress::v4({a, b, c, d});
  }
  PunchRound punch() {
    const auto inbound = bob.node.host.connections(alice.node.host.peer_id());
    REQUIRE(inbound.size() == 1);
    REQUIRE(inbound[0]->direction() == Direction::kInbound);
    PunchRound round = world.run(bob.dcutr->punch(inbound[0]));
    relay::wait_until(world, 10s, [&] { return !alice.rounds.empty(); });
    return round;
  }

  sim::World world;
  relay::CircuitNode relay{world, "relay", {ip(203, 1, 113, 7)}};
  sim::Router& alice_router;
  sim::Router& bob_router;
  Home alice;
  Home bob;
};

// When the machine's first SYN left for that address, by the world's trace: "0.020000 bob dials
// ...->IP:PORT".
std::optional<double> first_syn(const sim::World& world, const std::string& name, const IpAddress& to) {
  for (const std::string& event : world.trace()) {
    const bool is_dial = event.find(" " + name + " dials ") != std::string::npos;
    if (is_dial && event.find(to.to_string() + ":") != std::string::npos) return std::stod(event);
  }
  return std::nullopt;
}

const std::string kOverQuic = "/udp/" + std::to_string(kPort) + "/quic-v1";
const std::string kOverTcp = "/tcp/" + std::to_string(kPort);

}  // namespace

TEST_CASE("two homes whose routers let nobody in get a direct path") {
  for (const std::string& transport : {kOverQuic, kOverTcp}) {
    for (const Duration one_way : {Duration(5ms), Duration(20ms), Duration(150ms)}) {
      INFO(transport, ", ", to_ms(one_way), " ms one way");
      Town town(transport, "port-restricted", "port-restricted", one_way);
      const PunchRound round = town.punch();
      INFO(round.why);
      CHECK_FALSE(round.error);
      // To the relay and on to the peer, and back.
      CHECK(round.round_trip_time >= 4 * one_way);
      CHECK(round.round_trip_time < 4 * one_way + 5ms);
      // Both begin within a moment, however long the way is.
      REQUIRE(town.bob.dialer.instants.size() == 1);
      REQUIRE(town.alice.dialer.instants.size() == 1);
      const Duration apart = town.bob.dialer.instants[0] - town.alice.dialer.instants[0];
      CHECK(std::abs(to_ms(apart)) < 3);
      if (transport == kOverTcp) {
        const auto alices = first_syn(town.world, "alice", town.bob_router.outside());
        const auto bobs = first_syn(town.world, "bob", town.alice_router.outside());
        REQUIRE(alices);
        REQUIRE(bobs);
        CHECK(std::abs(*alices - *bobs) < 0.003);
      }
      CHECK(town.alice.sees_directly(town.bob.node.host.peer_id()) == town.bob.standing.addresses[0]);
      CHECK(town.bob.sees_directly(town.alice.node.host.peer_id()) == town.alice.standing.addresses[0]);
      REQUIRE(town.alice.rounds.size() == 1);
      CHECK_FALSE(town.alice.rounds[0].error);
    }
  }
}

TEST_CASE("who is behind a hard NAT dials, and gets through where any port of a known address may come in") {
  for (const std::string& transport : {kOverQuic, kOverTcp}) {
    for (const bool hard_begins : {true, false}) {
      INFO(transport, ", the hard NAT is ", std::string(hard_begins ? "bob's" : "alice's"));
      const std::string hard = "symmetric-random";
      const std::string easy = "address-restricted";
      Town town(transport, hard_begins ? easy : hard, hard_begins ? hard : easy, 20ms);
      const PunchRound round = town.punch();
      INFO(round.why);
      CHECK_FALSE(round.error);
      CHECK(town.alice.sees_directly(town.bob.node.host.peer_id()));
      CHECK(town.bob.sees_directly(town.alice.node.host.peer_id()));
    }
  }
}

TEST_CASE(
    "between a hard NAT and one that filters by port a plain round fails, and says that nothing came back") {
  Town town(kOverQuic, "port-restricted", "symmetric-random", 20ms);
  const PunchRound round = town.punch();
  CHECK(round.error);
  CHECK(round.reason == RelayReason::kProbesUnanswered);
  CHECK(round.took < 8s);
  CHECK(town.bob.punches.used() == 0);
}
