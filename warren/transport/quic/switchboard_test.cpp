#include "warren/transport/quic/switchboard.hpp"

#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/core/muxer_contract.hpp"
#include "warren/sim/stream_contract.hpp"
#include "warren/transport/quic/test_station.hpp"

namespace warren::quic {
namespace {

using test::connect;
using test::ConnectionPair;
using test::kListening;
using test::kPort;
using test::Station;

struct BoardTest {
  sim::World world{1};
  Station alice{world, "alice"};
  Station bob{world, "bob"};
};

Task<MuxedPair> connect_muxed(BoardTest& test) {
  ConnectionPair pair = co_await connect(test.alice, test.bob);
  co_return MuxedPair(std::move(pair.first), std::move(pair.second));
}

TEST_CASE("a QUIC connection is a MuxedConnection") {
  BoardTest test;
  check_muxer_contract({.executor = test.world.loop().executor(),
                        .clock = test.world.clock(),
                        .run = [&](Task<void> task) { test.world.run(std::move(task)); },
                        .connect = [&] { return connect_muxed(test); }});
}

Task<sim::StreamPair> open_pair(ConnectionPair& ends) {
  // The peer learns of a stream by its first byte, which the streams' own tests do not expect.
  StreamPtr ours = co_await ends.first->open_stream();
  co_await ours->write(as_bytes("x"));
  StreamPtr theirs = co_await ends.second->accept_stream();
  Bytes byte(1);
  co_await read_exactly(*theirs, byte);
  co_return sim::StreamPair(std::move(ours), std::move(theirs));
}

Task<void> write_all(ByteStream& stream, Bytes bytes) {
  co_await stream.write(bytes);
  co_await stream.close_write();
}

Task<void> close_both(ConnectionPair& ends) {
  co_await ends.first->close();
  co_await ends.second->close();
}

TEST_CASE("a QUIC stream is a ByteStream") {
  BoardTest test;
  ConnectionPair ends = test.world.run(connect(test.alice, test.bob));
  sim::check_stream_contract({.executor = test.world.loop().executor(),
                              .clock = test.world.clock(),
                              .run = [&](Task<void> task) { test.world.run(std::move(task)); },
                              .connect = [&] { return open_pair(ends); },
                              .disconnect = [&] { return close_both(ends); }});
}

TEST_CASE_FIXTURE(BoardTest, "both sides know each other, and where they are") {
  const ConnectionPair pair = world.run(connect(alice, bob));
  CHECK(pair.first->remote_peer() == bob.peer());
  CHECK(pair.second->remote_peer() == alice.peer());
  CHECK(pair.first->path().remote == bob.address());
  CHECK(pair.second->path() == Path{bob.address(), alice.address()});
  CHECK(pair.first->round_trip_time() >= 20ms);
  CHECK(bob.board.half_open().used() == 0);
}

TEST_CASE_FIXTURE(BoardTest, "a dial that fails says why, and leaves nothing behind") {
  Endpoint address = bob.address();
  std::optional<PeerId> expected = bob.peer();
  Errc error{};
  SUBCASE("nobody there") {
    address.port = 4002;
    error = Errc::kTimedOut;
  }
  SUBCASE("somebody else there") {
    expected = alice.peer();
    error = Errc::kPeerIdMismatch;
  }
  SUBCASE("no socket of this family") {
    address.address = IpAddress::v6({1, 2, 3});
    error = Errc::kNoTransport;
  }
  CHECK(world.run(as_result(alice.board.dial(address, expected))).error() == error);
  world.loop().advance(10s);
  CHECK(alice.board.connection_count() == 0);
  CHECK(bob.board.connection_count() == 0);
  CHECK(bob.board.half_open().used() == 0);
}

TEST_CASE_FIXTURE(BoardTest, "a canceled dial leaves nothing behind") {
  auto dial = alice.board.dial(bob.address(), bob.peer());
  CHECK(world.run(as_result(with_timeout(world.clock(), 15ms, std::move(dial)))).error() == Errc::kTimedOut);
  world.loop().advance(20s);
  CHECK(alice.board.connection_count() == 0);
  CHECK(bob.board.connection_count() == 0);
}

TEST_CASE_FIXTURE(BoardTest, "what was written before the end arrives") {
  const ConnectionPair pair = world.run(connect(alice, bob));
  StreamPtr ours = world.run(pair.first->open_stream());
  const Bytes bytes(60'000, 7);
  world.run(ours->write(bytes));
  world.run(ours->close_write());
  ours.reset();
  world.run(pair.first->close());
  const StreamPtr theirs = world.run(pair.second->accept_stream());
  CHECK(world.run(read_to_end(*theirs, 100'000)) == bytes);
  CHECK(world.run(as_result(pair.second->accept_stream())).error() == Errc::kClosed);
}

TEST_CASE_FIXTURE(BoardTest, "who closes down tells all peers") {
  const ConnectionPair pair = world.run(connect(alice, bob));
  world.run(bob.board.close());
  CHECK(pair.second->ended() == Errc::kClosed);
  CHECK(world.run(as_result(pair.first->accept_stream())).error() == Errc::kClosed);
}

// Sends datagrams from a socket of its own.
struct Stranger {
  explicit Stranger(sim::World& the_world)
      : world(the_world),
        machine(world.add_machine("stranger")),
        socket(value_or_throw(machine.env().network.bind_udp({IpAddress(), 9}))) {}

  void send(const Endpoint& to, BytesView datagram) {
    world.run(socket->send(IpAddress(), to, datagram, datagram.size(), Ecn::kNotCapable));
  }
  Bytes receive() {
    auto received = world.run(as_result(with_timeout(world.clock(), 1s, receive_one())));
    return received ? *received : Bytes{};
  }
  Task<Bytes> receive_one() {
    const std::span<const Datagram> datagrams = co_await socket->receive();
    co_return to_bytes(datagrams.front().payload);
  }
  // A client's first datagram, of a connection that it then forgets.
  Bytes first_datagram(const Endpoint& to, BytesView secret, const Credentials& credentials) {
    const EngineSetup engine{.side = Side::kInitiator,
                             .path = {{machine.address(), 9}, to},
                             .now = world.clock().now(),
                             .random = random,
                             .reset_secret = secret};
    Connection connection(
        {.engine = engine, .credentials = credentials, .wall_now = world.clock().wall_now()}, Limits());
    Bytes buffer(65536);
    return to_bytes(connection.take(buffer, world.clock().now())->bytes);
  }

  sim::World& world;
  sim::Machine& machine;
  std::unique_ptr<DatagramSocket> socket;
  sim::SeededRandom random{99};
};

TEST_CASE_FIXTURE(BoardTest, "strangers get what the specification gives them, and no more") {
  Stranger stranger(world);
  SUBCASE("noise: nothing but resets, which are smaller than it") {
    for (std::size_t size = 1; size < 1400; size += 7) {
      Bytes noise(size);
      stranger.random.fill(noise);
      stranger.send(bob.address(), noise);
    }
    while (true) {
      const Bytes answer = stranger.receive();
      if (answer.empty()) break;
      CHECK(answer.size() <= 41);
    }
    CHECK(bob.board.connection_count() == 0);
  }
  SUBCASE("an unknown version: those that are known") {
    Bytes packet(1200);
    packet[0] = 0xc0;
    packet[1] = 0x7a;
    packet[5] = 8;
    packet[14] = 8;
    stranger.send(bob.address(), packet);
    const Bytes answer = stranger.receive();
    REQUIRE(answer.size() > 7);
    CHECK(to_hex(BytesView(answer).subspan(1, 4)) == "00000000");
    CHECK(to_hex(BytesView(answer).last(4)) == "00000001");
    // But not for a datagram that costs nothing to send.
    packet.resize(1100);
    stranger.send(bob.address(), packet);
    CHECK(stranger.receive().empty());
  }
  SUBCASE("what is not QUIC goes elsewhere") {
    Bytes seen;
    bob.board.on_stray = [&](const Datagram& datagram, const Endpoint&) {
      seen = to_bytes(datagram.payload);
    };
    stranger.send(bob.address(), as_bytes("\x01\x02 STUN"));
    world.loop().advance(1s);
    CHECK(as_text(seen) == "\x01\x02 STUN");
  }
}

TEST_CASE_FIXTURE(BoardTest, "others may send from the listening socket, between QUIC's datagrams") {
  std::vector<std::pair<Endpoint, Bytes>> seen;
  bob.board.on_stray = [&](const Datagram& datagram, const Endpoint& local) {
    CHECK(local == kListening);
    seen.emplace_back(datagram.from, to_bytes(datagram.payload));
  };
  const ConnectionPair pair = world.run(connect(alice, bob));
  StreamPtr ours = world.run(pair.first->open_stream());
  TaskGroup tasks(world.loop().executor(), "writer");
  tasks.spawn(write_all(*ours, Bytes(300'000, 7)));
  CHECK(alice.board.listening() == std::vector{kListening});
  for (std::uint8_t i = 0; i < 20; ++i) {
    world.run(alice.board.send_stray(kListening, bob.address(), Bytes{1, i}));
  }
  const StreamPtr theirs = world.run(pair.second->accept_stream());
  CHECK(world.run(read_to_end(*theirs, 400'000)).size() == 300'000);
  REQUIRE(seen.size() == 20);
  for (std::uint8_t i = 0; i < 20; ++i) {
    CHECK(seen[i].first == alice.address());
    CHECK(seen[i].second == Bytes{1, i});
  }
  world.run(tasks.close());

  const auto send = [&](Endpoint local, Bytes bytes) {
    return world.run(as_result(alice.board.send_stray(local, bob.address(), std::move(bytes))));
  };
  CHECK(send({IpAddress(), 9}, {1}).error() == Errc::kNotFound);
  world.set_link(alice.machine, bob.machine, {.mtu = 1500});
  CHECK(send(kListening, Bytes(1473)).error() == Errc::kTooLarge);
  CHECK(send({alice.machine.address(), kPort}, {1}));  // which of the machine's addresses it is from
  world.run(alice.board.close());
  CHECK(send(kListening, {1}).error() == Errc::kClosed);
}

TEST_CASE("under load clients show first where they are; the half-open ones are bounded") {
  sim::World world(1);
  Station alice(world, "alice");
  Station bob(world, "bob", {.half_open_max = 80});
  Stranger stranger(world);
  const auto certificate = tls::make_certificate(alice.key, world.clock().wall_now(), stranger.random);
  const Credentials credentials(certificate);
  const auto secret = stranger.random.bytes<kSecretSize>();
  for (int i = 0; i < 100; ++i) {
    stranger.send(bob.address(), stranger.first_datagram(bob.address(), secret, credentials));
  }
  world.loop().advance(100ms);
  CHECK(bob.board.connection_count() == 20);
  CHECK(bob.board.half_open().used() == 20);

  // An honest client gets through, at another round trip.
  const Instant begin = world.clock().now();
  const ConnectionPair pair = world.run(connect(alice, bob));
  CHECK(pair.second->remote_peer() == alice.peer());
  CHECK(world.clock().now() - begin >= 40ms);
  // And the others time out.
  world.loop().advance(15s);
  CHECK(bob.board.half_open().used() == 0);
  CHECK(bob.board.connection_count() == 1);
}

TEST_CASE("under load who was here before shows its token, and needs no other round trip") {
  sim::World world(1);
  Station alice(world, "alice");
  Station bob(world, "bob", {.half_open_max = 40});
  ConnectionPair pair = world.run(connect(alice, bob));
  world.loop().advance(1s);
  world.run(pair.first->close());
  pair = {};
  Stranger stranger(world);
  const auto certificate = tls::make_certificate(alice.key, world.clock().wall_now(), stranger.random);
  const Credentials credentials(certificate);
  const auto secret = stranger.random.bytes<kSecretSize>();
  for (int i = 0; i < 20; ++i) {
    stranger.send(bob.address(), stranger.first_datagram(bob.address(), secret, credentials));
  }
  world.loop().advance(100ms);
  REQUIRE(bob.board.half_open().used() >= 10);
  const auto time_to_connect = [&] {
    const Instant begin = world.clock().now();
    const ConnectionPair again = world.run(connect(alice, bob));
    return world.clock().now() - begin;
  };
  const Duration with_token = time_to_connect();
  // Each token serves once, and that connection was over before it brought another.
  const Duration without = time_to_connect();
  CHECK(with_token < without);
}

TEST_CASE_FIXTURE(BoardTest, "forged first packets cost little: from some number on, only a Retry each") {
  Stranger stranger(world);
  const auto certificate = tls::make_certificate(alice.key, world.clock().wall_now(), stranger.random);
  const Credentials credentials(certificate);
  const auto secret = stranger.random.bytes<kSecretSize>();
  Bytes forged = stranger.first_datagram(bob.address(), secret, credentials);
  forged[600] ^= 1;
  for (int i = 0; i < 300; ++i) {
    for (int byte = 6; byte < 14; ++byte)
      forged[static_cast<std::size_t>(byte)] ^= static_cast<std::uint8_t>(i);
    stranger.send(bob.address(), forged);
  }
  world.loop().advance(50ms);
  CHECK(bob.board.connection_count() == 0);
  std::size_t retries = 0;
  while (true) {
    const Bytes answer = stranger.receive();
    if (answer.empty()) break;
    CHECK((answer.front() & 0xf0) == 0xf0);
    ++retries;
  }
  CHECK(retries > 0);
  CHECK(retries <= 100);
  const ConnectionPair pair = world.run(connect(alice, bob));
  CHECK(pair.second->remote_peer() == alice.peer());
}

TEST_CASE_FIXTURE(BoardTest, "a cable pulled for 20 s and put back: the connection goes on at once") {
  const ConnectionPair pair = world.run(connect(alice, bob));
  const StreamPtr ours = world.run(pair.first->open_stream());
  world.loop().advance(1s);
  world.cut(alice.machine, bob.machine);
  world.run(ours->write(as_bytes("hello")));
  world.loop().advance(20s);
  world.mend(alice.machine, bob.machine);
  const Instant begin = world.clock().now();
  alice.board.network_changed(alice.machine.addresses());
  const StreamPtr theirs = world.run(pair.second->accept_stream());
  CHECK(world.clock().now() - begin < 200ms);
}

Task<void> send_all(ByteStream& stream, const Bytes& bytes) {
  co_await stream.write(bytes);
  co_await stream.close_write();
}

Task<Bytes> transfer(Station& from, Station& to, const Bytes& bytes) {
  const ConnectionPair pair = co_await connect(from, to);
  const StreamPtr ours = co_await pair.first->open_stream();
  TaskGroup group(from.world.loop().executor(), "test");
  group.spawn(send_all(*ours, bytes));
  const StreamPtr theirs = co_await pair.second->accept_stream();
  Bytes received = co_await read_to_end(*theirs, 100 << 20);
  co_await group.join();
  co_return received;
}

TEST_CASE_FIXTURE(BoardTest, "bytes arrive as they were sent over a bad link") {
  sim::LinkOptions link;
  SUBCASE("loss and delay") {
    link = {.delay = 50ms, .loss = 0.05};
  }
  SUBCASE("a bottleneck") {
    link = {.delay = 50ms, .rate = 1'000'000};
  }
  world.set_link(alice.machine, bob.machine, link);
  Bytes bytes(1 << 20);
  alice.random.fill(bytes);
  CHECK(world.run(transfer(alice, bob, bytes)) == bytes);
}

}  // namespace
}  // namespace warren::quic
