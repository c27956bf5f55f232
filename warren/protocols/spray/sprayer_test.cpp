// What two nodes say to each other over /warren/punch besides sprays: where they stand, and who shall begin.
#include "warren/protocols/spray/sprayer.hpp"

#include <doctest/doctest.h>

#include "warren/base/assert.hpp"
#include "warren/protocols/spray/test_pair.hpp"

using namespace warren;
using namespace warren::spray;
using namespace warren::spray::test;

namespace {

Task<void> be_silent(ConnectionPtr, StreamPtr stream) {
  const Bytes ignored = co_await read_to_end(*stream, 10'000);
  WARREN_ASSERT(!ignored.empty());
}
Task<void> talk_nonsense(ConnectionPtr, StreamPtr stream) {
  const Bytes nonsense = to_bytes("nonsense");
  co_await write_delimited(*stream, nonsense);
  co_await stream->close_write();
}

}  // namespace

TEST_CASE("two nodes tell each other where they stand") {
  Pair pair(1);
  std::vector<std::pair<PeerId, NatMapping>> heard;
  const auto watch = pair.bob.sprayer.told().subscribe(
      [&](const PeerId& peer, const PeerPosition& told) { heard.emplace_back(peer, told.mapping); });
  for (const bool alice_asks : {true, false}) {
    TestSide& asker = alice_asks ? pair.alice : pair.bob;
    const NatPosition& expected = (alice_asks ? pair.bob : pair.alice).position;
    const PeerPosition told =
        pair.world.run(asker.sprayer.exchange_positions(alice_asks ? pair.at_alice : pair.at_bob));
    CHECK(told.udp);
    CHECK(told.mapping == expected.mapping);
    CHECK(told.filtering == expected.filtering);
    CHECK(told.ports == expected.ports);
    CHECK(told.addresses == expected.addresses);
    CHECK(told.outside == expected.outside);
    CHECK_FALSE(told.relay_only);
    // Another home's addresses are none of our business.
    CHECK(told.local.empty());
  }
  // Both hear of each other, whoever asks.
  const std::pair alices(pair.alice.node.host.peer_id(), NatMapping::kEndpointIndependent);
  CHECK((heard == std::vector{alices, alices}));
  // Those of our own are: both are seen as the same IP.
  pair.alice.position.outside = pair.bob.position.outside;
  CHECK(pair.world.run(pair.alice.sprayer.exchange_positions(pair.at_alice)).local ==
        pair.bob.position.local);
}

TEST_CASE("a node that wants no direct paths says so, and nothing of where it is") {
  Pair pair(1, "port-restricted", "symmetric-random", false);
  const PeerPosition told = pair.world.run(pair.alice.sprayer.exchange_positions(pair.at_alice));
  CHECK(told.relay_only);
  CHECK(told.addresses.empty());
  CHECK(told.outside.empty());
  CHECK(told.local.empty());
  CHECK(pair.spray().reason == RelayReason::kPolicyRelayOnly);
  CHECK(pair.spray(false).reason == RelayReason::kPolicyRelayOnly);
  CHECK(pair.world.run(as_result(pair.alice.sprayer.ask_to_begin(pair.at_alice))).error() == Errc::kDenied);
  CHECK(pair.alice.entries.used() + pair.bob.entries.used() == 0);
}

TEST_CASE("a stock peer does not speak it, and one that does not answer is not waited for") {
  Pair pair(1);
  const auto exchange = [&] {
    return pair.world.run(as_result(pair.alice.sprayer.exchange_positions(pair.at_alice)));
  };
  pair.world.run(pair.bob.sprayer.close());
  CHECK(exchange().error() == Errc::kProtocolNotSupported);
  CHECK(pair.world.run(as_result(pair.alice.sprayer.ask_to_begin(pair.at_alice))).error() ==
        Errc::kProtocolNotSupported);
  CHECK(pair.spray().error == Errc::kProtocolNotSupported);

  pair.bob.node.host.handle(ProtocolId(kProtocol), be_silent);
  const Instant began = pair.world.clock().now();
  CHECK(exchange().error() == Errc::kTimedOut);
  CHECK(pair.world.clock().now() - began <= kAnswerTimeout);
  pair.world.loop().advance(20s);
  CHECK(pair.spray().reason == RelayReason::kSyncTimeout);

  pair.bob.node.host.handle(ProtocolId(kProtocol), talk_nonsense);
  CHECK_FALSE(exchange());
  pair.world.loop().advance(20s);
  CHECK(pair.spray().error);
  pair.bob.node.host.unhandle(ProtocolId(kProtocol));
}

TEST_CASE("a peer is asked to begin, once in five seconds") {
  Pair pair(1);
  std::vector<ConnectionPtr> asked;
  const auto watch =
      pair.bob.sprayer.begin_asked().subscribe([&](const ConnectionPtr& each) { asked.push_back(each); });
  const auto ask = [&] { return pair.world.run(as_result(pair.alice.sprayer.ask_to_begin(pair.at_alice))); };
  CHECK(ask());
  REQUIRE(asked.size() == 1);
  CHECK(asked.front() == pair.at_bob);
  CHECK(ask().error() == Errc::kRateLimited);
  pair.world.loop().advance(kBeginInterval);
  CHECK(ask());
  for (int i = 0; i < 100; ++i) {
    const auto answer = pair.say(Begin{});
    REQUIRE(answer);
    CHECK((std::holds_alternative<Ok>(*answer) || std::holds_alternative<Refused>(*answer)));
  }
  CHECK(asked.size() <= 2 + 2);  // 100 round trips of 80 ms
}

TEST_CASE("without QUIC, positions are exchanged, and sprays refused") {
  sim::World world(1);
  CircuitNet net(world);
  sim::Machine& machine = world.add_machine("alone");
  TestNode node(machine);
  Limit punches("", "", 16), entries("", "", 600);
  NatPosition position;
  position.udp = false;
  Sprayer sprayer({.host = node.host,
                   .dialer = node.host,
                   .sockets = nullptr,
                   .punches = punches,
                   .entries = entries,
                   .position = [&] { return position; }});
  sprayer.start();
  CHECK(node.host.protocols() == std::vector<ProtocolId>{ProtocolId(kProtocol)});
  world.run(sprayer.close());
  CHECK(node.host.protocols().empty());
  world.run(node.host.close());
}
