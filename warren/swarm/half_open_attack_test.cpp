// Handshakes that nobody finishes, by the thousand, and others that fail: who means it gets in all the same.
#include "warren/negotiation/multistream.hpp"
#include "warren/swarm/test_addresses.hpp"
#include "warren/swarm/test_crowd.hpp"

using namespace warren;

namespace {

// Connects, says `words` and no more, and holds the socket until the other side ends it.
Task<void> hold(Network* network, Endpoint endpoint, Bytes words) {
  auto socket = co_await network->connect_tcp(endpoint, std::nullopt);
  if (!words.empty()) co_await socket->write(words);
  std::array<std::uint8_t, 64> buffer;
  for (std::size_t size = 1; size > 0;) size = co_await socket->read_some(buffer);
}

// Holds so many half-open connections to bob at once.
struct Attackers {
  Attackers(Crowd& crowd, sim::Machine& machine)
      : crowd(crowd), machine(machine), tasks(machine.env().executor, "test") {
    // So near that their connections are through before a listener's queue of 128 is full.
    crowd.world.set_delay(machine, crowd.bob_machine, 100us);
    crowd.world.set_delay(crowd.bob_machine, machine, 100us);
  }
  ~Attackers() { crowd.world.run(tasks.close()); }
  void attack(int count, const Bytes& words = {}) {
    for (int i = 0; i < count; ++i) {
      if (i % 100 == 99) crowd.world.loop().advance(1ms);
      tasks.spawn(hold(&machine.env().network, endpoint_of(crowd.bob_info), words));
    }
  }
  Crowd& crowd;
  sim::Machine& machine;
  TaskGroup tasks;
};

// Shakes hands, and then wants a muxer that nobody has.
Task<void> want_odd_muxer(TestNode* node, PeerInfo peer) {
  auto raw = co_await node->tcp.dial(peer.addresses.front());
  StreamPtr stream = multistream::propose_optimistically(std::move(raw.stream), "/noise");
  const std::vector<ProtocolId> none;
  const std::vector<ProtocolId> muxers = {"/odd/1.0.0"};
  auto channel = co_await node->noise.secure(std::move(stream), Side::kInitiator, peer.id, none);
  co_await multistream::propose(*channel, muxers);
}

}  // namespace

TEST_CASE("2,000 half-open connections at once: honest peers get in within two seconds") {
  Crowd crowd;
  Attackers attackers(crowd, crowd.add_machine());
  SUBCASE("that say nothing") {
    attackers.attack(2000);
  }
  SUBCASE("that begin a negotiation") {
    attackers.attack(2000, to_bytes("\x13/multistream/1.0.0\n"));
  }
  crowd.world.loop().advance(100ms);
  CHECK(attackers.tasks.size() == 128);
  CHECK(crowd.use(&SwarmLimits::half_open_max).used == 128);
  CHECK(crowd.use(&SwarmLimits::half_open_max).refused == 2000 - 128);
  CHECK(crowd.refusals_by("half_open_max") == 2000 - 128);

  const Instant start = crowd.world.clock().now();
  TestNode& honest = crowd.add();
  CHECK(crowd.world.run(as_result(honest.host.connect(crowd.bob_info))));
  CHECK(crowd.world.clock().now() - start < 2s);
  crowd.world.loop().advance(1s);
  CHECK(crowd.connections() == 1);

  crowd.world.loop().advance(SwarmLimits{}.handshake_timeout);
  CHECK(attackers.tasks.size() == 0);
  CHECK(crowd.bob.host.counters().handshakes_failed == 127);  // one more made room for the honest peer
  CHECK(crowd.refusals_for(Errc::kTimedOut) == 127);
  crowd.check_all_is_given_back();
}

TEST_CASE("while half-open connections keep coming, an honest handshake is quicker than they push it out") {
  Crowd crowd({.half_open_max = 32});
  Attackers attackers(crowd, crowd.add_machine());
  TestNode& honest = crowd.add();
  std::optional<Result<ConnectionPtr>> connected;
  const auto connect = [](SwarmHost* host, PeerInfo peer,
                          std::optional<Result<ConnectionPtr>>* to) -> Task<void> {
    to->emplace(co_await as_result(host->connect(std::move(peer))));
  };
  TaskGroup dialing(honest.machine.env().executor, "test");
  for (int i = 0; i < 200; ++i) {
    attackers.attack(2);
    if (i == 50) dialing.spawn(connect(&honest.host, crowd.bob_info, &connected));
    crowd.world.loop().advance(10ms);
  }
  REQUIRE(connected);
  CHECK(*connected);
}

TEST_CASE("an allowed address keeps its place while it shakes hands") {
  Crowd crowd({.half_open_max = 2});
  sim::Machine& friends = crowd.add_machine("203.0.113.1");
  const auto subject = value_or_throw(parse_access_subject("203.0.113.1"));
  REQUIRE(crowd.bob.host.access().set(subject, Access::kAllowed));
  Attackers slow(crowd, friends);
  slow.attack(2);
  crowd.world.loop().advance(100ms);
  Attackers attackers(crowd, crowd.add_machine());
  attackers.attack(50);
  crowd.world.loop().advance(1s);
  CHECK(slow.tasks.size() == 2);
  CHECK(attackers.tasks.size() == 0);
  CHECK(crowd.refusals_by("half_open_max") == 50);
  crowd.check_all_is_given_back();
}

TEST_CASE("a failed handshake is told with its error, and with the peer when it is known by then") {
  Crowd crowd;
  Attackers attackers(crowd, crowd.add_machine());
  attackers.attack(1, Bytes(100, 0xff));
  crowd.world.loop().advance(1s);
  REQUIRE(crowd.refusals.size() == 1);
  CHECK(crowd.refusals[0].reason);
  CHECK(crowd.refusals[0].knob.empty());
  CHECK_FALSE(crowd.refusals[0].peer);
  CHECK(crowd.bob.host.counters().handshakes_failed == 1);

  TestNode& odd = crowd.add();
  CHECK_FALSE(crowd.world.run(as_result(want_odd_muxer(&odd, crowd.bob_info))));
  crowd.world.loop().advance(1s);
  REQUIRE(crowd.refusals.size() == 2);
  CHECK(crowd.refusals[1].peer == odd.host.peer_id());
  CHECK(crowd.bob.host.counters().handshakes_failed == 2);
  crowd.check_all_is_given_back();
}

TEST_CASE("a host that closes in the middle of everything has given everything back") {
  Crowd crowd;
  crowd.bob.host.handle("/wait/1", [](ConnectionPtr, StreamPtr stream) -> Task<void> {
    std::uint8_t byte = 0;
    for (std::size_t size = 1; size > 0;) size = co_await stream->read_some(MutableBytes(&byte, 1));
  });
  const auto open = [](ConnectionPtr connection) -> Task<StreamPtr> {
    StreamPtr stream = co_await connection->open_stream("/wait/1");
    co_await stream->write(as_bytes("x"));
    co_return stream;
  };
  std::vector<StreamPtr> streams;
  for (int i = 0; i < 3; ++i) streams.push_back(crowd.world.run(open(*crowd.connect(crowd.add()))));
  Attackers attackers(crowd, crowd.add_machine());
  attackers.attack(20);
  TestNode& slow = crowd.add();
  TaskGroup dialing(slow.machine.env().executor, "test");
  const auto dial = [](SwarmHost* host, PeerInfo peer) -> Task<void> {
    co_await host->connect(std::move(peer));
  };
  dialing.spawn(dial(&slow.host, crowd.bob_info));
  crowd.world.loop().advance(35ms);
  CHECK(crowd.use(&SwarmLimits::half_open_max).used == 21);
  CHECK(crowd.use(&SwarmLimits::streams_max).used == 3);
  CHECK(crowd.use(&SwarmLimits::connections_max).used == 3);
  crowd.world.run(crowd.bob.host.close());
  for (const LimitUse& use : crowd.bob.host.limits()) CHECK_MESSAGE(use.used == 0, use.knob);
  crowd.world.run(dialing.close());
}
