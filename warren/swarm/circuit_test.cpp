// Peers that are reached through relays: when they are dialed so, what a better path is, and what a relayed
// connection counts as.
#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/swarm/circuit_path.hpp"
#include "warren/swarm/test_addresses.hpp"
#include "warren/swarm/test_circuit.hpp"
#include "warren/swarm/test_echo.hpp"
#include "warren/swarm/test_node.hpp"

using namespace warren;

namespace {

// Nobody has it.
const std::string kNobodys = "/ip4/203.0.113.1/tcp/1";

// Alice and bob. Bob can be reached over circuits, and directly where he listens.
struct Circuits {
  explicit Circuits(SwarmLimits bobs_limits = {})
      : alice(world.add_machine("alice"), {}, kSecurities, {}, nullptr, {&alice_circuits}),
        bob(world.add_machine("bob"), bobs_limits, kSecurities, {}, nullptr, {&bob_circuits}),
        watch(bob.host.events().refused.subscribe(
            [this](const HostRefusal& refusal) { refusals.push_back(refusal); })) {
    serve_echo(bob.host);
    value_or_throw(bob.host.listen(address("/p2p-circuit")));
    value_or_throw(alice.host.listen(address("/p2p-circuit")));
    bob_circuits.reserve(bob.host.peer_id());
    alice_circuits.reserve(alice.host.peer_id());
  }
  ~Circuits() {
    world.run(alice.host.close());
    world.run(bob.host.close());
    CHECK_FALSE(world.loop().busy());
  }

  std::string relayed(std::uint8_t relay = 100, const std::string& at = "/ip4/198.51.100.1/tcp/4001") const {
    return at + "/p2p/" + peer_of(relay).to_string() + "/p2p-circuit";
  }
  PeerInfo info(const std::vector<std::string>& addresses) const {
    PeerInfo peer{bob.host.peer_id(), {}};
    for (const std::string& text : addresses) peer.addresses.push_back(address(text));
    return peer;
  }
  std::string listen() { return bob.listen().addresses.front().to_string(); }

  // Which path it led over, or why there is none.
  std::string connect(PathPolicy policy, const std::vector<std::string>& addresses) {
    const Instant start = world.clock().now();
    const auto connection = world.run(as_outcome(alice.host.connect_over(policy, info(addresses))));
    took = world.clock().now() - start;
    error = connection ? std::error_code() : connection.error().code();
    if (!connection) return connection.error().what();
    last = *connection;
    return is_relayed(*last) ? "relayed" : "direct";
  }
  std::size_t connections() const { return alice.host.connections(bob.host.peer_id()).size(); }

  static inline const std::vector<TestNode::Security> kSecurities = {TestNode::Security::kNoise};

  sim::World world{5};
  CircuitNet net{world};
  FakeCircuits alice_circuits{net};
  FakeCircuits bob_circuits{net};
  TestNode alice;
  TestNode bob;
  std::vector<HostRefusal> refusals;
  Subscription watch;
  ConnectionPtr last;
  Duration took{};
  std::error_code error;
};

}  // namespace

TEST_CASE("a peer is reached through a relay, secured end to end, and knows it") {
  Circuits net;
  CHECK(net.connect(PathPolicy::kAny, {net.relayed()}) == "relayed");
  CHECK(net.last->remote_peer() == net.bob.host.peer_id());
  CHECK(net.last->remote_address() == address(net.relayed()));
  CHECK(net.last->security() == "/noise");
  CHECK(net.took < 500ms);  // nothing better was there to wait for
  CHECK(net.world.run(ask_echo(net.last, to_bytes("hello"))) == to_bytes("hello"));
  REQUIRE(net.bob.host.connections().size() == 1);
  CHECK(is_relayed(*net.bob.host.connections().front()));
  // How to get there again.
  const auto known = net.alice.peerstore.known_addresses(net.bob.host.peer_id(), net.world.clock().now());
  REQUIRE(known.size() == 1);
  CHECK(known[0].address == address(net.relayed()));
  CHECK(known[0].source == AddressSource::kConnected);
  CHECK(known[0].last_success);
  // The same with the peer's name at the end, as people give addresses.
  net.last->close();
  net.last.reset();
  net.world.loop().advance(1s);
  CHECK(net.connect(PathPolicy::kAny, {net.relayed() + "/p2p/" + net.bob.host.peer_id().to_string()}) ==
        "relayed");
}

TEST_CASE("a direct path goes first, and a relayed one serves when that leads nowhere") {
  Circuits net;
  CHECK(net.connect(PathPolicy::kAny, {net.relayed(), net.listen()}) == "direct");
  CHECK(net.net.dials == 0);
}

TEST_CASE("the relayed path does not wait until the direct one has failed for good") {
  Circuits net;
  CHECK(net.connect(PathPolicy::kAny, {kNobodys, net.relayed()}) == "relayed");
  CHECK(net.took >= kRelayDialDelay);
  CHECK(net.took < 1s);
}

TEST_CASE("over one relay one circuit is dialed, whatever its addresses are; over two relays two") {
  Circuits net;
  net.bob_circuits.lose_reservation(net.bob.host.peer_id());
  net.connect(PathPolicy::kAny, {net.relayed(100), net.relayed(100, "/ip4/198.51.100.1/udp/4001/quic-v1"),
                                 net.relayed(101), net.relayed(100, "")});
  CHECK(net.error == Errc::kNoReservation);
  CHECK(net.net.dials == 2);
  // The transport finds all addresses of the relay where those of peers are.
  CHECK(net.alice.peerstore.addresses(peer_of(100), net.world.clock().now()).size() == 2);
}

TEST_CASE("circuits over circuits, over ourselves, over the peer and over nobody are not dialed") {
  Circuits net;
  const std::string bob = "/p2p/" + net.bob.host.peer_id().to_string();
  const std::string self = "/p2p/" + net.alice.host.peer_id().to_string();
  const std::string relay = "/p2p/" + peer_of(100).to_string();
  const std::string why =
      net.connect(PathPolicy::kAny,
                  {"/ip4/198.51.100.1/tcp/1" + relay + "/p2p-circuit" + relay + "/p2p-circuit",
                   "/ip4/198.51.100.1/tcp/1" + self + "/p2p-circuit",
                   "/ip4/198.51.100.1/tcp/1" + bob + "/p2p-circuit", "/ip4/198.51.100.1/tcp/1/p2p-circuit"});
  CHECK(net.error == Errc::kNoAddresses);
  CHECK(net.net.dials == 0);
  for (const char* part : {"a circuit over a circuit", "its relay is this node",
                           "its relay is the peer itself", "names no relay"}) {
    CHECK_MESSAGE(why.contains(part), why);
  }
}

TEST_CASE("direct only: never through a relay, and the error says that there is nothing else") {
  Circuits net;
  net.connect(PathPolicy::kDirectOnly, {net.relayed()});
  CHECK(net.error == Errc::kNoDirectPath);
  CHECK(net.net.dials == 0);
  CHECK(net.connect(PathPolicy::kAny, {}) == "relayed");
  net.connect(PathPolicy::kDirectOnly, {});
  CHECK(net.error == Errc::kNoDirectPath);  // also when a relayed one is open
  CHECK(net.connect(PathPolicy::kDirectOnly, {net.listen()}) == "direct");
  CHECK(net.connections() == 2);
  // From now on nobody is given the detour.
  CHECK(net.connect(PathPolicy::kAny, {}) == "direct");
  CHECK_FALSE(is_relayed(*net.alice.host.connections(net.bob.host.peer_id()).front()));
  CHECK(is_relayed(*net.alice.host.connections(net.bob.host.peer_id()).back()));
}

TEST_CASE("prefer direct: the relayed path that is open serves only when no direct one can be made") {
  Circuits net;
  CHECK(net.connect(PathPolicy::kPreferDirect, {net.relayed()}) == "relayed");
  CHECK(net.connect(PathPolicy::kPreferDirect, {kNobodys}) == "relayed");
  CHECK(net.took <= Dialer::kBetterPathTime);
  // What has failed a moment ago is not waited for again.
  CHECK(net.connect(PathPolicy::kPreferDirect, {kNobodys}) == "relayed");
  CHECK(net.took == Duration::zero());
  CHECK(net.connect(PathPolicy::kPreferDirect, {net.listen()}) == "direct");
  CHECK(net.connections() == 2);
  CHECK(net.net.dials == 1);
}

namespace {

Task<void> connect_and_tell(SwarmHost& host, PathPolicy policy, PeerInfo peer, std::string& path) {
  const auto connection = co_await as_result(host.connect_over(policy, std::move(peer)));
  if (!connection) path = connection.error().message();
  if (connection) path = is_relayed(**connection) ? "relayed" : "direct";
}

}  // namespace

TEST_CASE("dials at the same time over different kinds of paths do not stand in for each other") {
  Circuits net;
  const PeerInfo peer = net.info({kNobodys, net.relayed()});
  std::string any, direct, again;
  TaskGroup group(net.world.loop().executor(), "test");
  group.spawn(connect_and_tell(net.alice.host, PathPolicy::kDirectOnly, peer, direct));
  group.spawn(connect_and_tell(net.alice.host, PathPolicy::kAny, peer, any));
  group.spawn(connect_and_tell(net.alice.host, PathPolicy::kPreferDirect, peer, again));
  net.world.run(group.join());
  CHECK(any == "relayed");
  CHECK(again == "relayed");
  CHECK(direct == make_error_code(Errc::kTimedOut).message());
  CHECK(net.net.dials == 1);
}

TEST_CASE("a direct inbound connection is used as soon as it is there") {
  Circuits net;
  CHECK(net.connect(PathPolicy::kAny, {net.relayed()}) == "relayed");
  const PeerInfo alice = net.alice.listen();
  net.world.run(net.bob.host.connect_over(PathPolicy::kPreferDirect, alice));
  net.world.loop().advance(1s);
  CHECK(net.connect(PathPolicy::kAny, {}) == "direct");
  CHECK(net.last->direction() == Direction::kInbound);
}

TEST_CASE("before a circuit's limits are reached a new one is made") {
  Circuits net;
  net.net.time_max = 2min;
  CHECK(net.connect(PathPolicy::kAny, {net.relayed()}) == "relayed");
  const ConnectionPtr first = net.last;
  net.world.loop().advance(80s);
  net.connect(PathPolicy::kAny, {});
  CHECK(net.last == first);
  net.world.loop().advance(15s);
  SUBCASE("a new one") {
    net.connect(PathPolicy::kAny, {});
    CHECK(net.last != first);
    CHECK(net.connections() == 2);
    CHECK(net.alice.host.connections(net.bob.host.peer_id()).front() == net.last);
  }
  SUBCASE("unless there is none") {
    net.bob_circuits.lose_reservation(net.bob.host.peer_id());
    CHECK(net.connect(PathPolicy::kAny, {}) == "relayed");
    CHECK(net.last == first);
  }
  net.world.loop().advance(30s);
  CHECK_FALSE(first->is_open());
}

TEST_CASE("a quarter of a circuit is when it is worn") {
  const Instant opened{10min};
  CHECK_FALSE(is_worn({}, opened, opened + 24h));
  CHECK_FALSE(is_worn({.bytes_each_way_max = 1000, .sent = 750, .received = 750}, opened, opened));
  CHECK(is_worn({.bytes_each_way_max = 1000, .sent = 751}, opened, opened));
  CHECK(is_worn({.bytes_each_way_max = 1000, .received = 2000}, opened, opened));
  CHECK_FALSE(is_worn({.ends = opened + 100s}, opened, opened + 75s));
  CHECK(is_worn({.ends = opened + 100s}, opened, opened + 76s));
}

TEST_CASE("the relay's address says nothing of the peer: neither limits nor the access list judge it") {
  SwarmLimits limits;
  limits.connections_per_ip4_max = 1;
  Circuits net(limits);
  REQUIRE(net.bob.host.access().set(value_or_throw(Subnet::parse("198.51.100.0/24")), Access::kDenied));
  CHECK(net.connect(PathPolicy::kAny, {net.relayed()}) == "relayed");
  net.world.loop().advance(1s);
  CHECK(net.last->is_open());
  net.bob.host.enforce_access();
  net.world.loop().advance(1s);
  CHECK(net.last->is_open());
  for (int i = 0; i < 3; ++i) {
    Circuits* const all = &net;
    FakeCircuits circuits{all->net};
    TestNode other(all->world.add_machine("other" + std::to_string(i)), {}, Circuits::kSecurities, {},
                   nullptr, {&circuits});
    CHECK(all->world.run(as_result(other.host.connect(all->info({all->relayed()})))));
    all->world.loop().advance(1s);
    CHECK(other.host.connections().size() == 1);
    all->world.run(other.host.close());
  }
  // Who is there counts as ever.
  REQUIRE(net.bob.host.access().set(net.alice.host.peer_id(), Access::kDenied));
  net.bob.host.enforce_access();
  net.world.loop().advance(1s);
  CHECK_FALSE(net.last->is_open());
  net.connect(PathPolicy::kAny, {});
  net.world.loop().advance(1s);
  CHECK(net.connections() == 0);
  REQUIRE_FALSE(net.refusals.empty());
  CHECK(net.refusals.back().reason == Errc::kDenied);
  CHECK(net.refusals.back().peer == net.alice.host.peer_id());
}

TEST_CASE("circuits count to the connections of a node and of a peer") {
  SwarmLimits limits;
  limits.connections_per_peer_max = 1;
  Circuits net(limits);
  CHECK(net.connect(PathPolicy::kAny, {net.relayed()}) == "relayed");
  net.world.loop().advance(1s);
  const LimitUse& total = net.bob.host.limit_table()[&SwarmLimits::connections_max].use();
  CHECK(total.used == 1);
  net.connect(PathPolicy::kPreferDirect, {net.listen()});
  net.world.loop().advance(1s);
  REQUIRE(net.refusals.size() == 1);
  CHECK(net.refusals[0].knob == "connections_per_peer_max");
}

TEST_CASE("a handshake over a circuit that says nothing takes up a place for a while, and no longer") {
  Circuits net;
  const LimitUse& half_open = net.bob.host.limit_table()[&SwarmLimits::half_open_max].use();
  auto raw = net.world.run(
      net.alice_circuits.dial(address(net.relayed() + "/p2p/" + net.bob.host.peer_id().to_string())));
  net.world.loop().advance(1s);
  CHECK(half_open.used == 1);
  net.world.loop().advance(10s);
  CHECK(half_open.used == 0);
  CHECK(net.refusals.back().reason == Errc::kTimedOut);
}

TEST_CASE("a circuit survives that this machine's addresses change, and nobody is dialed back for it") {
  Circuits net;
  CHECK(net.connect(PathPolicy::kAny, {net.relayed()}) == "relayed");
  net.bob.host.network_changed();
  net.alice.host.network_changed();
  net.world.loop().advance(5s);
  CHECK(net.last->is_open());
  CHECK(net.net.dials == 1);
}

TEST_CASE("a success through a relay forgives the direct addresses nothing") {
  DialBackoff backoff;
  const PeerId peer = peer_of(1);
  const Multiaddr direct = address(kNobodys);
  const Multiaddr circuit = address(kNobodys + "/p2p/" + peer_of(2).to_string() + "/p2p-circuit");
  backoff.add_failure(peer, direct, Instant{});
  backoff.add_failure(peer, circuit, Instant{});
  backoff.clear_circuits(peer);
  CHECK_FALSE(backoff.allows(peer, direct, Instant{1s}));
  CHECK(backoff.allows(peer, circuit, Instant{1s}));
  CHECK(backoff.size() == 1);
  backoff.clear_circuits(peer_of(3));
}
