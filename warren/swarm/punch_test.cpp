// Punches over TCP, in simulated worlds with routers; and those rules that hold for any transport.
#include "warren/swarm/test_punch.hpp"

using namespace warren;

namespace {

constexpr Protocol kTcp = Protocol::kTcp;

sim::NatOptions resetting() {
  sim::NatOptions options = nat_of_type("port-restricted");
  options.resets_unwanted_tcp = true;
  return options;
}

}  // namespace

TEST_CASE("two port-restricted routers: both dial, one TCP connection, and the roles decide who begins") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    PunchNet net(nat_of_type("port-restricted"), nat_of_type("port-restricted"), {}, seed);
    const auto outcomes = net.punch(kTcp);
    net.check_connected(outcomes);
    CHECK(outcomes.alices.connection->remote_address() == PunchNet::outer(net.bob_machine, kTcp));
    REQUIRE(outcomes.alices.attempts.size() == 1);
    CHECK(outcomes.alices.attempts.front().won);
    CHECK(outcomes.alices.attempts.front().means == PathMeans::kPunch);
  }
}

TEST_CASE("sides that begin at different times meet, whoever is late") {
  for (const Duration late : {Duration(10ms), Duration(60ms), Duration(400ms), Duration(1500ms)}) {
    CAPTURE(late.count());
    PunchNet alice_late;
    alice_late.check_connected(alice_late.punch(kTcp, late, 0ms));
    PunchNet bob_late;
    bob_late.check_connected(bob_late.punch(kTcp, 0ms, late));
  }
}

TEST_CASE("over a slow link the first pipe is enough, however long its handshake takes") {
  PunchNet net;
  net.world.set_delay(net.alice_machine, net.bob_machine, 700ms);
  PunchCall alices = net.call(net.bob, PunchRole::kClient, kTcp);
  PunchCall bobs = net.call(net.alice, PunchRole::kServer, kTcp);
  alices.time_max = bobs.time_max = 8s;
  const auto outcomes = net.punch(std::move(alices), std::move(bobs));
  net.check_connected(outcomes);
  CHECK(outcomes.bobs.attempts.front().took < 5s);
}

TEST_CASE("a router that answers with a reset does not mean no") {
  for (const Duration late : {Duration(0ms), Duration(60ms), Duration(700ms)}) {
    CAPTURE(late.count());
    PunchNet net(resetting(), resetting());
    net.check_connected(net.punch(kTcp, 0ms, late));
    PunchNet one_side(resetting());
    one_side.check_connected(one_side.punch(kTcp, late, 0ms));
  }
}

TEST_CASE("the client's listener takes the server's pipe, and the client begins all the same") {
  // Alice's router lets all in, so bob's SYN finds her listener before she has dialed.
  for (const Duration late : {Duration(0ms), Duration(20ms), Duration(30ms), Duration(300ms)}) {
    CAPTURE(late.count());
    PunchNet net(nat_of_type("full-cone"));
    // Her mapping exists.
    TestNode server(net.world.add_machine("server"));
    const auto known = net.world.run(net.alice.host.connect(server.listen()));
    known->close();
    net.world.loop().advance(1s);
    const auto outcomes = net.punch(kTcp, late, 0ms);
    net.check_connected(outcomes);
    net.world.run(server.host.close());
  }
}

TEST_CASE("a connection that the peer makes meanwhile ends the punch") {
  PunchNet net(nat_of_type("port-restricted"), {});  // bob is public
  PunchCall hopeless = net.call(net.alice, PunchRole::kClient, kTcp);
  PunchCall good = net.call(net.bob, PunchRole::kClient, kTcp);
  hopeless.addresses = {value_or_throw(Multiaddr::parse("/ip4/203.0.113.9/tcp/4001"))};
  const Instant start = net.world.clock().now();
  const auto outcomes = net.punch(std::move(good), std::move(hopeless));
  net.check_connected(outcomes);
  CHECK(outcomes.bobs.connection->direction() == Direction::kInbound);
  REQUIRE(outcomes.bobs.attempts.size() == 1);
  CHECK_FALSE(outcomes.bobs.attempts.front().won);
  CHECK(outcomes.bobs.attempts.front().why == "another path was faster");
  CHECK(net.world.clock().now() - start < 12s);
}

TEST_CASE("without the peer a punch ends in time, and says what each address did") {
  PunchNet net;
  std::vector<DialOutcome> told;
  const auto watch =
      net.alice.host.events().dialed.subscribe([&](const DialOutcome& outcome) { told.push_back(outcome); });
  PunchCall call = net.call(net.bob, PunchRole::kClient, kTcp);
  call.addresses.push_back(value_or_throw(Multiaddr::parse("/ip4/203.0.113.2/udp/4001/quic-v1")));
  call.addresses.push_back(value_or_throw(Multiaddr::parse("/ip4/203.0.113.2/udp/4001/quic-v1")));
  call.addresses.push_back(value_or_throw(Multiaddr::parse("/ip4/203.0.113.2/udp/4001")));
  call.means = PathMeans::kPredict;
  call.time_max = 3s;
  const Instant start = net.world.clock().now();
  const auto outcome = net.world.run(net.alice.host.punch(call));
  CHECK(net.world.clock().now() - start == 3s);
  CHECK_FALSE(outcome.connection);
  CHECK(outcome.error == Errc::kPunchFailed);
  REQUIRE(outcome.attempts.size() == 3);
  CHECK(outcome.attempts[0].error == Errc::kTimedOut);
  CHECK(outcome.attempts[0].took == 3s);
  CHECK(outcome.attempts[1].error == Errc::kTimedOut);
  CHECK(outcome.attempts[2].error == Errc::kNoTransport);
  CHECK_FALSE(outcome.attempts[2].began);
  REQUIRE(told.size() == 3);
  for (const DialOutcome& one : told) {
    CHECK(one.means == PathMeans::kPredict);
    CHECK(one.peer == net.bob.host.peer_id());
    CHECK_FALSE(one.won);
    CHECK_FALSE(one.why.empty());
  }
}

TEST_CASE("who answers in the peer's place is not taken for it") {
  PunchNet net({}, {});  // both public
  TestNode mallory(net.world.add_machine("mallory"));
  const PeerInfo info = mallory.listen("/tcp/4001");
  for (const PunchRole role : {PunchRole::kClient, PunchRole::kServer}) {
    PunchCall call{.peer = net.bob.host.peer_id(), .role = role, .addresses = info.addresses};
    PunchOutcome outcome;
    PunchCall theirs{.peer = net.alice.host.peer_id(),
                     .role = PunchRole::kClient,
                     .addresses = {PunchNet::outer(net.alice_machine, kTcp)}};
    TaskGroup group(net.world.loop().executor(), "test");
    if (role == PunchRole::kServer) {
      PunchOutcome mallorys;
      group.spawn(PunchNet::store(net.alice.host, call, 0ms, net.world.clock(), outcome));
      group.spawn(PunchNet::store(mallory.host, theirs, 0ms, net.world.clock(), mallorys));
      net.world.run(group.join());
    } else {
      group.spawn(PunchNet::store(net.alice.host, call, 0ms, net.world.clock(), outcome));
      net.world.run(group.join());
      CHECK(outcome.error == Errc::kPeerIdMismatch);
    }
    CHECK_FALSE(outcome.connection);
    CHECK(outcome.error);
    CHECK(net.alice.host.connections(net.bob.host.peer_id()).empty());
  }
  net.world.run(mallory.host.close());
}

TEST_CASE("peers that are denied, by name or by address, are not punched") {
  PunchNet net;
  const PunchCall call = net.call(net.bob, PunchRole::kClient, kTcp);
  REQUIRE(
      net.alice.host.access().set(value_or_throw(parse_access_subject("203.0.113.2/32")), Access::kDenied));
  const auto by_address = net.world.run(net.alice.host.punch(call));
  CHECK(by_address.error == Errc::kDenied);
  CHECK(by_address.attempts.size() == 1);
  REQUIRE(net.alice.host.access().set(value_or_throw(parse_access_subject(call.peer.to_string())),
                                      Access::kDenied));
  const auto by_name = net.world.run(net.alice.host.punch(call));
  CHECK(by_name.error == Errc::kDenied);
  CHECK(by_name.attempts.empty());
  PunchCall own = call;
  own.peer = net.alice.host.peer_id();
  CHECK(net.world.run(net.alice.host.punch(own)).error == Errc::kSelfDial);
  PunchCall empty = net.call(net.alice, PunchRole::kServer, kTcp);
  empty.addresses.clear();
  CHECK(net.world.run(net.bob.host.punch(empty)).error == Errc::kNoAddresses);
}

TEST_CASE("a peer that is connected directly is not punched again") {
  PunchNet net;
  const auto first = net.punch(kTcp);
  net.check_connected(first);
  const auto again = net.world.run(net.alice.host.punch(net.call(net.bob, PunchRole::kServer, kTcp)));
  CHECK(again.connection == first.alices.connection);
  CHECK(again.attempts.empty());
}

TEST_CASE("new flows come within their budget, and an address that would be too late is left out") {
  PunchNet net({}, {}, {.punch_flows_per_second_max = 2});
  PunchCall call{.peer = net.bob.host.peer_id()};
  for (int i = 0; i < 30; ++i)
    call.addresses.push_back(
        value_or_throw(Multiaddr::parse("/ip4/203.0.113.9/tcp/" + std::to_string(5000 + i))));
  call.time_max = 4200ms;
  const Instant start = net.world.clock().now();
  const auto outcome = net.world.run(net.alice.host.punch(call));
  REQUIRE(outcome.attempts.size() == 30);
  for (std::size_t i = 0; i < 10; ++i) CHECK(outcome.attempts[i].began == start);
  for (std::size_t i = 10; i < 18; ++i) CHECK(outcome.attempts[i].began == start + (i - 9) * 500ms);
  for (std::size_t i = 18; i < 30; ++i) {
    CHECK_FALSE(outcome.attempts[i].began);
    CHECK(outcome.attempts[i].error == Errc::kLimitReached);
    CHECK(outcome.attempts[i].why.contains("punch_flows_per_second_max"));
  }
  const auto limits = net.alice.host.limits();
  const auto use = std::ranges::find(limits, "punch_flows_per_second_max", &LimitUse::knob);
  CHECK(use->refused == 12);
  CHECK(use->used == 2);
}

TEST_CASE("a punch can be canceled at any time, and leaves nothing behind") {
  for (Duration after = 0ms; after < 400ms; after += 7ms) {
    CAPTURE(after.count());
    PunchNet net(resetting());
    auto punching = net.alice.host.punch(net.call(net.bob, PunchRole::kClient, kTcp));
    PunchOutcome bobs;
    TaskGroup group(net.world.loop().executor(), "test");
    group.spawn(PunchNet::store(net.bob.host, net.call(net.alice, PunchRole::kServer, kTcp), 0ms,
                                net.world.clock(), bobs));
    auto limited = with_timeout(net.world.clock(), after, std::move(punching));
    const auto outcome = net.world.run(as_result(std::move(limited)));
    if (!outcome) CHECK(outcome.error() == Errc::kTimedOut);
    net.world.run(group.join());
    net.world.loop().advance(15s);
    if (!outcome) CHECK(net.bob.host.connections().size() == net.alice.host.connections().size());
  }
}

TEST_CASE("a host that closes ends its punches") {
  PunchNet net;
  PunchOutcome outcome;
  TaskGroup group(net.world.loop().executor(), "test");
  group.spawn(PunchNet::store(net.alice.host, net.call(net.bob, PunchRole::kClient, kTcp), 0ms,
                              net.world.clock(), outcome));
  net.world.loop().advance(1s);
  net.world.run(net.alice.host.close());
  net.world.run(group.join());
  CHECK(outcome.error == Errc::kClosed);
  CHECK(net.world.run(net.alice.host.punch(net.call(net.bob, PunchRole::kClient, kTcp))).error ==
        Errc::kClosed);
}

TEST_CASE("two punches of one peer at a time have the same connection") {
  PunchNet net;
  PunchOutcome first, second, bobs;
  TaskGroup group(net.world.loop().executor(), "test");
  const PunchCall call = net.call(net.bob, PunchRole::kClient, kTcp);
  group.spawn(PunchNet::store(net.alice.host, call, 0ms, net.world.clock(), first));
  group.spawn(PunchNet::store(net.alice.host, call, 5ms, net.world.clock(), second));
  group.spawn(PunchNet::store(net.bob.host, net.call(net.alice, PunchRole::kServer, kTcp), 0ms,
                              net.world.clock(), bobs));
  net.world.run(group.join());
  REQUIRE(first.connection);
  CHECK(first.connection == second.connection);
  net.check_connected({first, bobs});
}
