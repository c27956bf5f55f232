// Sockets of one remote only, noise that opens NATs, and what a punch comes to with both.
#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/sim/router.hpp"
#include "warren/transport/quic/test_station.hpp"
#include "warren/transport/quic/transport.hpp"

namespace warren::quic {
namespace {

using test::connect;
using test::ConnectionPair;
using test::kListening;
using test::kPort;
using test::Station;

struct SocketsTest {
  sim::World world{1};
  Station alice{world, "alice"};
  Station bob{world, "bob"};

  // What alice adopts next, which leads to bob.
  Endpoint adopt_one() {
    auto socket = value_or_throw(alice.machine.env().network.bind_udp({IpAddress(), 0}));
    const Endpoint local = socket->local_endpoint();
    value_or_throw(alice.board.adopt(std::move(socket), bob.address()));
    return local;
  }
  bool is_bound(const Endpoint& local) {
    const auto bound = alice.machine.env().network.bind_udp(local);
    return !bound && bound.error() == Errc::kAddressInUse;
  }
};

Task<void> say(QuicConnection& connection, Bytes bytes) {
  const StreamPtr stream = co_await connection.open_stream();
  co_await stream->write(bytes);
  co_await stream->close_write();
}

Task<Bytes> hear(QuicConnection& connection) {
  const StreamPtr stream = co_await connection.accept_stream();
  co_return co_await read_to_end(*stream, 1 << 20);
}

TEST_CASE_FIXTURE(SocketsTest, "a dial leaves from the socket that was adopted for it, and no other does") {
  const Endpoint local = adopt_one();
  Station carol(world, "carol");
  const ConnectionPair pair = world.run(connect(alice, bob));
  CHECK(pair.second->path().remote == Endpoint{alice.machine.address(), local.port});
  const ConnectionPair other = world.run(connect(alice, carol));
  CHECK(other.second->path().remote == alice.address());
  CHECK(alice.board.listening() == std::vector{kListening});

  const Bytes bytes(100'000, 7);
  world.run(say(*pair.first, bytes));
  CHECK(world.run(hear(*pair.second)) == bytes);
  world.run(say(*pair.second, bytes));
  CHECK(world.run(hear(*pair.first)) == bytes);
  // Nobody gets in there, and nobody can listen there.
  CHECK(
      alice.board.listen(local, {.greet = [](const Endpoint&) { return true; }, .turned_away = {}}).error() ==
      Errc::kAddressInUse);
  const Endpoint there{alice.machine.address(), local.port};
  CHECK(world.run(as_result(bob.board.dial(there, alice.peer()))).error() == Errc::kTimedOut);
}

TEST_CASE_FIXTURE(SocketsTest, "an adopted socket is closed 10 s after its last connection") {
  const Endpoint local = adopt_one();
  world.loop().advance(9s);
  REQUIRE(is_bound(local));
  ConnectionPair pair = world.run(connect(alice, bob));
  ConnectionPair again = world.run(connect(alice, bob));
  CHECK(again.second->path().remote == pair.second->path().remote);
  world.loop().advance(100s);
  CHECK(alice.board.adopted_count() == 1);
  world.run(pair.first->close());
  pair = {};
  world.loop().advance(30s);
  CHECK(is_bound(local));
  world.run(say(*again.first, Bytes(11, 7)));
  world.run(again.first->close());
  again = {};
  world.loop().advance(9s);
  CHECK(is_bound(local));
  world.loop().advance(5s);
  CHECK_FALSE(is_bound(local));
  CHECK(alice.board.adopted_count() == 0);
  pair = world.run(connect(alice, bob));
  CHECK(pair.second->path().remote == alice.address());
}

TEST_CASE_FIXTURE(SocketsTest, "an adopted socket that nobody uses, or whose dial fails, is closed") {
  const Endpoint local = adopt_one();
  SUBCASE("no dial") {
    world.loop().advance(9900ms);
    CHECK(is_bound(local));
    world.loop().advance(200ms);
  }
  SUBCASE("a dial that fails") {
    world.cut(alice.machine, bob.machine);
    CHECK(world.run(as_result(alice.board.dial(bob.address(), bob.peer()))).error() == Errc::kTimedOut);
    world.mend(alice.machine, bob.machine);
    world.loop().advance(11s);
  }
  CHECK_FALSE(is_bound(local));
}

TEST_CASE_FIXTURE(SocketsTest, "adopted sockets are bounded, and of the family of where they lead") {
  const auto bind = [&] { return value_or_throw(alice.machine.env().network.bind_udp({IpAddress(), 0})); };
  for (std::size_t i = 0; i < SwitchboardLimits().adopted_max; ++i) adopt_one();
  CHECK(alice.board.adopt(bind(), bob.address()).error() == Errc::kLimitReached);
  const Endpoint other{IpAddress::v6({1, 2, 3}), 9};
  CHECK(bob.board.adopt(bind(), other).error() == Errc::kNoTransport);
  // The newest is the one.
  world.loop().advance(11s);
  adopt_one();
  const Endpoint newest = adopt_one();
  const ConnectionPair pair = world.run(connect(alice, bob));
  CHECK(pair.second->path().remote.port == newest.port);
  world.run(alice.board.close());
  CHECK(alice.board.adopt(bind(), bob.address()).error() == Errc::kClosed);
}

TEST_CASE_FIXTURE(SocketsTest, "an adopted socket whose address is gone is not dialed from any more") {
  auto socket = value_or_throw(alice.machine.env().network.bind_udp({alice.machine.address(), 0}));
  value_or_throw(alice.board.adopt(std::move(socket), bob.address()));
  const Endpoint bound{alice.machine.address(), kPort};
  alice.board.network_changed({IpAddress::v4({192, 0, 2, 1})});
  CHECK(world.run(connect(alice, bob)).second->path().remote == bound);
}

TEST_CASE("a transport's listening sockets are not touched by those it adopts") {
  sim::World world(1);
  sim::Machine& here = world.add_machine("here");
  Station bob(world, "bob");
  sim::SeededRandom random(7);
  const auto key = PrivateKey::generate(KeyType::kEd25519, [&](MutableBytes bytes) { random.fill(bytes); });
  QuicTransport transport(here.env(), key);
  const auto address = [](const Endpoint& endpoint) { return multiaddr_of(endpoint); };
  CHECK(world.run(as_result(transport.knock(address(bob.address())))).error() == Errc::kNoTransport);
  const MuxedTransport::Doorman doorman{.greet = [](const Multiaddr&) { return true; },
                                        .turned_away = [](const Multiaddr&, std::error_code) {}};
  auto listener = value_or_throw(transport.listen(address(kListening), doorman));
  auto socket = value_or_throw(here.env().network.bind_udp({IpAddress(), 0}));
  const Endpoint adopted{here.address(), socket->local_endpoint().port};
  REQUIRE(transport.adopt(std::move(socket), bob.address()));
  CHECK(transport.endpoints() == std::vector{kListening});
  const UpgradedConnection dialed = world.run(transport.dial(address(bob.address()), bob.peer()));
  CHECK(world.run(bob.board.accept(kListening))->path().remote == adopted);
  CHECK(transport.endpoints() == std::vector{kListening});
  listener.reset();
  world.run(transport.close());
  CHECK(transport.adopt(value_or_throw(here.env().network.bind_udp({IpAddress(), 0})), adopted).error() ==
        Errc::kClosed);
}

TEST_CASE_FIXTURE(SocketsTest, "a knock is noise at random instants, until it is canceled") {
  struct Noise {
    Instant at;
    Bytes bytes;
  };
  std::vector<Noise> heard;
  bob.board.on_stray = [&](const Datagram& datagram, const Endpoint&) {
    CHECK(datagram.from == alice.address());
    heard.push_back({world.clock().now(), to_bytes(datagram.payload)});
  };
  const Instant begin = world.clock().now();
  CHECK(world.run(as_result(with_timeout(world.clock(), 10s, alice.board.knock(bob.address())))).error() ==
        Errc::kTimedOut);
  world.loop().advance(5s);
  REQUIRE(heard.size() > 50);
  CHECK(heard.size() < 200);
  CHECK(heard.front().at - begin == 10ms);  // the first at once: the link's delay
  std::set<std::size_t> sizes;
  for (std::size_t i = 0; i < heard.size(); ++i) {
    const Bytes& bytes = heard[i].bytes;
    sizes.insert(bytes.size());
    CHECK(bytes.size() >= 24);
    CHECK(bytes.size() <= 64);
    CHECK((bytes.front() & 0xc0) == 0);
    CHECK(to_hex(BytesView(bytes).subspan(4, 4)) != "2112a442");
    if (i == 0) continue;
    CHECK(heard[i].at - heard[i - 1].at >= 10ms);
    CHECK(heard[i].at - heard[i - 1].at <= 201ms);
  }
  CHECK(sizes.size() > 20);
  CHECK(bob.board.connection_count() == 0);
  CHECK(bob.board.bytes_sent() == 0);
  CHECK(world.run(as_result(alice.board.knock({IpAddress::v6({1}), 9}))).error() == Errc::kNoTransport);
}

// --- punches ---

struct Weather {
  Duration delay = 20ms;
  Duration jitter{};
  double loss = 0;
};

struct Home {
  Home(sim::World& world, const std::string& name, IpAddress outside)
      : router(world.add_router(name + "'s", *sim::NatOptions::of_type("port-restricted"), outside)),
        station(world, world.add_machine_behind(router, name)) {}

  Endpoint address() const { return {router.outside(), kPort}; }

  sim::Router& router;
  Station station;
};

Task<void> late(Clock& clock, Duration by, Switchboard& board, Endpoint remote) {
  co_await clock.sleep_for(by);
  co_await board.knock(remote);
}

// How long the dial of one took while the other knocked, which began up to `skew` before or after it.
std::optional<Duration> punch(std::uint64_t seed, const Weather& weather, Duration skew, Duration limit) {
  sim::World world(seed);
  Home alice(world, "alice", IpAddress::v4({203, 0, 113, 1}));
  Home bob(world, "bob", IpAddress::v4({203, 0, 113, 2}));
  world.set_link(alice.station.machine, bob.station.machine,
                 {.delay = weather.delay, .jitter = weather.jitter, .loss = weather.loss});
  sim::SeededRandom random(seed);
  const auto span = 2 * static_cast<std::uint64_t>(skew.count()) + 1;
  const Duration after(static_cast<Duration::rep>(random.below(span)));
  TaskGroup tasks(world.loop().executor(), "knocker");
  tasks.spawn(late(world.clock(), after, bob.station.board, alice.address()));
  world.loop().advance(skew);
  const Instant begin = world.clock().now();
  auto dial = alice.station.board.dial(bob.address(), bob.station.peer());
  const auto dialed = world.run(as_result(with_timeout(world.clock(), limit, std::move(dial))));
  const Duration took = world.clock().now() - begin;
  world.run(tasks.close());
  if (!dialed) return std::nullopt;
  return took;
}

std::vector<Duration> times(const Weather& weather, Duration skew, Duration limit, std::uint64_t runs) {
  std::vector<Duration> all;
  for (std::uint64_t seed = 1; seed <= runs; ++seed) {
    if (const auto took = punch(seed, weather, skew, limit)) all.push_back(*took);
  }
  std::ranges::sort(all);
  const auto ms = [&](double part) {
    return all.empty() ? 0 : to_ms(all[static_cast<std::size_t>(part * static_cast<double>(all.size() - 1))]);
  };
  MESSAGE(all.size() << " of " << runs << ", median " << ms(0.5) << " ms, 95 % " << ms(0.95) << " ms, all "
                     << ms(1) << " ms");
  return all;
}

TEST_CASE("a punch over 40 ms works within 3 s, whoever is first") {
  const std::vector<Duration> all = times({.delay = 20ms, .jitter = 10ms}, 60ms, 3s, 30);
  REQUIRE(all.size() == 30);
  CHECK(all.back() < 1s);
}

TEST_CASE("a punch over 300 ms of which a tenth is lost works within 10 s") {
  CHECK(times({.delay = 150ms, .jitter = 30ms, .loss = 0.1}, 150ms, 10s, 40).size() >= 38);
}

}  // namespace
}  // namespace warren::quic
