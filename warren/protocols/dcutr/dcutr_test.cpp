// Rounds of DCUtR between two hosts on a relayed path: who dials when and as what, and what is told of a
// round that failed. What dials is noted only; punched_test.cpp has real routers.
#include "warren/protocols/dcutr/dcutr.hpp"

#include "warren/async/as_result.hpp"
#include "warren/core/test_values.hpp"
#include "warren/protocols/dcutr/message.hpp"
#include "warren/protocols/dcutr/test_path.hpp"
#include "warren/sim/for_each_failure.hpp"

using namespace warren;
using namespace warren::dcutr;
using namespace warren::testing;

namespace {

const Multiaddr kBobAddress = address("/ip4/192.0.2.1/udp/4001/quic-v1");
const Multiaddr kAliceAddress = address("/ip4/198.51.100.7/udp/4001/quic-v1");

// A host that punches.
struct Puncher {
  Puncher(sim::World& world, const std::string& name, std::uint8_t seed, const Multiaddr& address)
      : host(world, name, seed), dialer(host.env().clock) {
    standing.mapping = NatMapping::kEndpointIndependent;
    standing.addresses = {address};
    Needs needs{.host = host,
                .dialer = dialer,
                .punches = punches,
                .position = [this] { return standing; },
                .predicted = [this] { return predict(); }};
    dcutr.emplace(std::move(needs));
    watching = dcutr->ended().subscribe([this](const PunchRound& round) { rounds.push_back(round); });
  }
  Task<std::vector<Multiaddr>> predict() {
    co_await host.env().clock.sleep_for(predicting);
    if (prediction_fails) throw_error(Errc::kTimedOut);
    co_return predicted;
  }

  PathHost host;
  NotingDialer dialer;
  Limit punches{"punches_max", "punches", 2};
  NatPosition standing;
  std::vector<Multiaddr> predicted;
  Duration predicting{};
  bool prediction_fails = false;
  std::optional<Dcutr> dcutr;
  std::vector<PunchRound> rounds;
  Subscription watching;
};

// Alice has dialed Bob over a relay: she is A, and he is B.
struct Meeting {
  explicit Meeting(Duration delay = 20ms) : path(world, alice.host, bob.host, {.delay = delay}) {
    alice.dialer.connection = bob.dialer.connection = path.dialed;
    alice.dcutr->start();
    bob.dcutr->start();
  }
  ~Meeting() {
    alice.dialer.connection = bob.dialer.connection = nullptr;
    world.run(path.dialed->end());
    world.run(path.accepted->end());
    world.run(alice.dcutr->close());
    world.run(bob.dcutr->close());
  }
  PunchRound punch() {
    PunchRound round = world.run(bob.dcutr->punch(path.accepted));
    world.loop().advance(1s);  // the peer's may end later
    return round;
  }
  // Bob's round against a peer that serves the protocol as the test says.
  PunchRound punch_against(StreamHandler handler) {
    alice.host.handle(ProtocolId(kProtocol), std::move(handler));
    return world.run(bob.dcutr->punch(path.accepted));
  }

  sim::World world{1};
  Puncher alice{world, "alice", 1, kAliceAddress};
  Puncher bob{world, "bob", 2, kBobAddress};
  Path path;
};

Task<void> say_and_wait(StreamPtr stream, Bytes bytes) {
  co_await stream->write(bytes);
  std::ignore = co_await read_to_end(*stream, 16 * 1024);
}
Task<void> reset_it(ConnectionPtr, StreamPtr stream) {
  stream->reset();
  co_return;
}
Task<void> fall_silent(ConnectionPtr, StreamPtr stream) {
  std::ignore = co_await read_to_end(*stream, 16 * 1024);
}
// A peer that answers with these bytes, whatever it is told.
StreamHandler says(Bytes bytes) {
  return [bytes](ConnectionPtr, StreamPtr stream) { return say_and_wait(std::move(stream), bytes); };
}

Task<void> speak(ConnectionPtr connection, Bytes bytes, std::error_code* ended) {
  StreamPtr stream = co_await connection->open_stream(ProtocolId(kProtocol));
  co_await stream->write(bytes);
  const auto rest = co_await as_result(read_to_end(*stream, 16 * 1024));
  if (!rest) *ended = rest.error();
}

}  // namespace

TEST_CASE("both dial at the instant at which SYNC arrives, A as the client and B as the server") {
  for (const Duration delay : {Duration(5ms), Duration(20ms), Duration(150ms)}) {
    INFO(to_ms(delay), " ms one way");
    Meeting meeting(delay);
    const PunchRound round = meeting.punch();
    CHECK_FALSE(round.error);
    CHECK_FALSE(round.reason);
    CHECK(round.ours);
    CHECK(round.peer == meeting.alice.host.peer_id());
    CHECK(round.means == PathMeans::kPunch);
    CHECK(round.round_trip_time == 2 * delay);
    CHECK(round.began == Instant{});
    CHECK(round.took == 3 * delay + 100ms);
    CHECK(round.told == std::vector{kBobAddress});
    CHECK(round.heard == std::vector{kAliceAddress});

    const NotingDialer& by_bob = meeting.bob.dialer;
    const NotingDialer& by_alice = meeting.alice.dialer;
    REQUIRE(by_bob.calls.size() == 1);
    REQUIRE(by_alice.calls.size() == 1);
    CHECK(by_alice.instants[0] == Instant{} + 3 * delay);
    CHECK(by_bob.instants[0] - by_alice.instants[0] < 1ms);
    CHECK(by_alice.instants[0] - by_bob.instants[0] < 1ms);
    CHECK(by_bob.calls[0].role == PunchRole::kServer);
    CHECK(by_bob.calls[0].addresses == std::vector{kAliceAddress});
    CHECK(by_bob.calls[0].peer == meeting.alice.host.peer_id());
    CHECK(by_alice.calls[0].role == PunchRole::kClient);
    CHECK(by_alice.calls[0].addresses == std::vector{kBobAddress});

    REQUIRE(meeting.bob.rounds.size() == 1);
    REQUIRE(meeting.alice.rounds.size() == 1);
    const PunchRound& hers = meeting.alice.rounds[0];
    CHECK_FALSE(hers.ours);
    CHECK_FALSE(hers.error);
    CHECK(hers.round_trip_time == 2 * delay);
    CHECK(hers.told == std::vector{kAliceAddress});
    CHECK(hers.heard == std::vector{kBobAddress});
    CHECK(meeting.bob.punches.used() == 0);
    CHECK(meeting.alice.punches.used() == 0);
  }
}

TEST_CASE("who is behind a hard NAT dials, whoever began") {
  Meeting meeting;
  meeting.bob.standing.mapping = NatMapping::kDependent;
  std::ignore = meeting.punch();
  CHECK(meeting.bob.dialer.calls.at(0).role == PunchRole::kClient);
  CHECK(meeting.alice.dialer.calls.at(0).role == PunchRole::kClient);
}

TEST_CASE("predicted ports are told first, few to stock peers") {
  Meeting meeting;
  for (int port = 30'000; port < 30'060; ++port) {
    meeting.bob.predicted.push_back(address("/ip4/192.0.2.1/udp/" + std::to_string(port) + "/quic-v1"));
  }
  const PunchRound to_stock = meeting.punch();
  CHECK(to_stock.means == PathMeans::kPredict);
  REQUIRE(to_stock.told.size() == kPredictedToStockMax + 1);
  CHECK(to_stock.told[0] == meeting.bob.predicted[0]);
  CHECK(to_stock.told.back() == kBobAddress);
  CHECK(meeting.bob.dialer.calls.at(0).means == PathMeans::kPredict);
  CHECK(meeting.alice.rounds.at(0).means == PathMeans::kPunch);

  meeting.bob.host.peerstore().set_description(meeting.alice.host.peer_id(),
                                               {.protocols = {"/warren/punch/1.0.0"}});
  CHECK(meeting.punch().told.size() == kPredictedMax + 1);
  CHECK(meeting.alice.rounds.at(1).heard.size() == kPredictedMax + 1);
}

TEST_CASE("a prediction that fails or takes too long is none") {
  Meeting meeting;
  meeting.bob.predicted = {address("/ip4/192.0.2.1/udp/30000/quic-v1")};
  meeting.bob.prediction_fails = true;
  CHECK(meeting.punch().told == std::vector{kBobAddress});
  meeting.bob.prediction_fails = false;
  meeting.bob.predicting = 10s;
  const PunchRound round = meeting.punch();
  CHECK(round.told == std::vector{kBobAddress});
  CHECK_FALSE(round.error);
  CHECK(round.took < 1s);
}

TEST_CASE("a round that came to nothing tells what was tried") {
  Meeting meeting;
  meeting.bob.dialer.connection = meeting.alice.dialer.connection = nullptr;
  PunchRound round = meeting.punch();
  CHECK(round.error == Errc::kPunchFailed);
  CHECK(round.reason == RelayReason::kProbesUnanswered);
  CHECK_FALSE(round.why.empty());
  CHECK(round.heard == std::vector{kAliceAddress});
  CHECK(round.round_trip_time == 40ms);
  CHECK(meeting.alice.rounds.at(0).reason == RelayReason::kProbesUnanswered);

  meeting.bob.dialer.error = make_error_code(Errc::kLimitedByBudget);
  CHECK(meeting.punch().reason == RelayReason::kLimitedByBudget);
}

TEST_CASE("without an address of our own nobody is asked") {
  Meeting meeting;
  meeting.bob.standing.addresses.clear();
  const PunchRound round = meeting.punch();
  CHECK(round.error == Errc::kNoAddresses);
  CHECK(round.reason == RelayReason::kNoPublicMapping);
  CHECK(round.took == Duration::zero());
  CHECK(meeting.alice.rounds.empty());
}

TEST_CASE("a peer without an address says so, and both know the reason") {
  Meeting meeting;
  meeting.alice.standing.addresses.clear();
  const PunchRound round = meeting.punch();
  CHECK(round.error == Errc::kNoAddresses);
  CHECK(round.reason == RelayReason::kNoPublicMapping);
  CHECK(meeting.bob.dialer.calls.empty());
  CHECK(meeting.alice.dialer.calls.empty());
  CHECK(meeting.alice.rounds.at(0).reason == RelayReason::kNoPublicMapping);
  CHECK(meeting.alice.punches.used() == 0);
}

TEST_CASE("a peer whose addresses may not be tried is not answered by dials") {
  Meeting meeting;
  meeting.bob.standing.addresses = {kBobAddress};
  const Multiaddr inside = address("/ip4/10.0.0.9/tcp/4001");
  const Bytes connect = framed(encode({Message::Type::kConnect, {inside}}));
  const PunchRound round = meeting.punch_against(says(connect));
  CHECK(round.reason == RelayReason::kNoPublicMapping);
  CHECK(meeting.bob.dialer.calls.empty());
}

TEST_CASE("who shows up behind our own NAT is told our local addresses") {
  Meeting meeting;
  const Multiaddr local_bob = address("/ip4/10.1.2.3/udp/4001/quic-v1");
  const Multiaddr local_alice = address("/ip4/10.1.2.4/udp/4001/quic-v1");
  meeting.bob.standing.local = {local_bob};
  meeting.alice.standing.local = {local_alice};
  meeting.alice.standing.addresses = {address("/ip4/192.0.2.1/udp/4002/quic-v1")};
  meeting.bob.standing.outside =
      meeting.alice.standing.outside = {value_or_throw(IpAddress::parse("192.0.2.1"))};
  const PunchRound first = meeting.punch();
  CHECK(first.told == std::vector{kBobAddress});  // he does not know yet
  CHECK(first.heard.at(0) == local_alice);
  const PunchRound second = meeting.punch();
  CHECK(second.told.at(0) == local_bob);
  CHECK(meeting.alice.dialer.calls.at(1).addresses.at(0) == local_bob);
}

TEST_CASE("a peer that does not speak it") {
  Meeting meeting;
  meeting.alice.host.handlers.clear();
  const PunchRound round = meeting.punch();
  CHECK(round.error == Errc::kProtocolNotSupported);
  CHECK(round.reason == RelayReason::kPeerNoDcutr);
  CHECK(meeting.bob.rounds.size() == 1);
}

TEST_CASE("a peer that breaks off, breaks the rules or says nothing") {
  Meeting meeting;
  PunchRound round = meeting.punch_against(reset_it);
  CHECK(round.error == Errc::kRoleConflict);
  CHECK(round.reason == RelayReason::kRoleConflict);
  CHECK(round.told == std::vector{kBobAddress});

  round = meeting.punch_against(says(framed(encode({Message::Type::kSync, {}}))));
  CHECK(round.error == Errc::kMalformed);
  CHECK(round.reason == RelayReason::kSyncTimeout);
  CHECK(round.why.find("out of turn") != std::string::npos);

  round = meeting.punch_against(says({0xff, 0xff, 0x03}));
  CHECK(round.error == Errc::kTooLarge);

  round = meeting.punch_against(fall_silent);
  CHECK(round.error == Errc::kTimedOut);
  CHECK(round.reason == RelayReason::kSyncTimeout);
  CHECK(round.took == kExchangeTimeout);
  CHECK(meeting.bob.dialer.calls.empty());
  CHECK(meeting.bob.punches.used() == 0);
}

TEST_CASE("only who was dialed over a relay begins, and only who dialed serves") {
  Meeting meeting;
  PunchRound round = meeting.world.run(meeting.alice.dcutr->punch(meeting.path.dialed));
  CHECK(round.reason == RelayReason::kRoleConflict);
  CHECK(round.told.empty());

  std::error_code ended;
  const Bytes connect = framed(encode({Message::Type::kConnect, {kAliceAddress}}));
  meeting.world.run(speak(meeting.path.dialed, connect, &ended));  // alice to bob
  CHECK(ended == Errc::kReset);

  Path direct(meeting.world, meeting.alice.host, meeting.bob.host, {}, "/ip4/192.0.2.9/tcp/1",
              "/ip4/192.0.2.8/tcp/1");
  round = meeting.world.run(meeting.bob.dcutr->punch(direct.accepted));
  CHECK(round.reason == RelayReason::kRoleConflict);
  meeting.world.run(speak(direct.accepted, connect, &ended));
  CHECK(ended == Errc::kReset);
  CHECK(meeting.alice.rounds.size() == 1);  // her own try
  CHECK(meeting.bob.rounds.size() == 1);    // his
}

TEST_CASE("two relayed connections, and both begin at once: one round stays, and both know which") {
  Meeting meeting;
  Path back(meeting.world, meeting.bob.host, meeting.alice.host);  // there alice is B
  TaskGroup group(meeting.world.loop().executor(), "test");
  const auto begin = [](Dcutr* dcutr, ConnectionPtr path) -> Task<void> {
    std::ignore = co_await dcutr->punch(path);
  };
  group.spawn(begin(&*meeting.alice.dcutr, back.accepted));
  group.spawn(begin(&*meeting.bob.dcutr, meeting.path.accepted));
  meeting.world.loop().advance(30s);
  meeting.world.run(group.close());
  const bool alice_first = meeting.alice.host.peer_id() < meeting.bob.host.peer_id();
  Puncher& stays = alice_first ? meeting.alice : meeting.bob;
  Puncher& yields = alice_first ? meeting.bob : meeting.alice;
  REQUIRE(stays.rounds.size() == 1);
  CHECK(stays.rounds[0].ours);
  CHECK_FALSE(stays.rounds[0].error);
  REQUIRE(yields.rounds.size() == 2);
  CHECK(yields.rounds[0].ours);
  CHECK(yields.rounds[0].reason == RelayReason::kRoleConflict);
  CHECK_FALSE(yields.rounds[1].ours);
  CHECK_FALSE(yields.rounds[1].error);
  CHECK(stays.dialer.calls.size() == 1);
  CHECK(yields.dialer.calls.size() == 1);
  CHECK(stays.dialer.instants == yields.dialer.instants);
  CHECK(yields.punches.used() == 0);
}

TEST_CASE("rounds are limited in number, and a peer's in frequency") {
  Meeting meeting;
  REQUIRE(meeting.bob.punches.take(2));
  CHECK(meeting.punch().reason == RelayReason::kLimitedByBudget);
  meeting.bob.punches.give(2);
  PunchRound round = meeting.punch();
  std::size_t taken = 0;
  for (; !round.error && taken < 100; ++taken) round = meeting.punch();
  CHECK(taken >= kRoundsBurst);
  CHECK(taken <= kRoundsBurst + 3);                   // one comes back every five seconds
  CHECK(round.reason == RelayReason::kRoleConflict);  // alice does not take it
  CHECK(meeting.alice.dialer.calls.size() == taken);
}

TEST_CASE("the relayed connection may end once both have agreed") {
  Meeting meeting;
  meeting.alice.dialer.takes = 2s;
  std::ignore = meeting.world.run(meeting.bob.dcutr->punch(meeting.path.accepted));
  meeting.world.run(meeting.path.dialed->end());
  CHECK(meeting.alice.rounds.empty());
  meeting.world.loop().advance(3s);
  REQUIRE(meeting.alice.rounds.size() == 1);
  CHECK_FALSE(meeting.alice.rounds[0].error);
}

TEST_CASE("a round that is canceled gives its place back") {
  Meeting meeting;
  meeting.bob.dialer.takes = 1min;
  for (const Duration moment : {Duration(10ms), Duration(50ms), Duration(500ms)}) {
    const auto canceled = meeting.world.run(as_result(
        with_timeout(meeting.world.clock(), moment, meeting.bob.dcutr->punch(meeting.path.accepted))));
    CHECK(canceled.error() == Errc::kTimedOut);
    CHECK(meeting.bob.punches.used() == 0);
    meeting.world.loop().advance(1s);
  }
  CHECK(meeting.bob.rounds.empty());
  meeting.bob.dialer.takes = 1s;
  CHECK_FALSE(meeting.punch().error);
}
