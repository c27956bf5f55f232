// Goodbyes: heard by those who speak the protocol, from their sender only, in bounded time and number.
#include "warren/protocols/presence/presence.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "warren/async/as_result.hpp"
#include "warren/protocols/presence/message.hpp"
#include "warren/swarm/test_node.hpp"

using namespace warren;
using presence::Message;
using presence::Presence;

namespace {

const WallTime kNewYear = from_unix_ms(1'767'225'600'000);  // 2026-01-01T00:00:00Z

Bytes hex(std::string_view text) {
  Bytes bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    bytes.push_back(static_cast<std::uint8_t>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
  return bytes;
}

Errc decode_error(BytesView bytes) {
  const auto message = Message::decode(bytes);
  REQUIRE_FALSE(message.has_value());
  return static_cast<Errc>(message.error().value());
}

struct Guest {
  Guest(sim::World& in, const std::string& name)
      : world(in), node(in.add_machine(name)), presence(node.host), info(node.listen()) {
    presence.start();
  }
  ~Guest() {
    world.run(presence.close());
    world.run(node.host.close());
  }
  // As identify would: this one knows what the other speaks.
  void meets(Guest& other) {
    world.run(node.host.connect(other.info));
    node.peerstore.set_description(other.info.id, {.protocols = {ProtocolId(presence::kProtocol)}});
  }

  sim::World& world;
  TestNode node;
  Presence presence;
  PeerInfo info;
  std::vector<PeerId> gone;
  Subscription watch = presence.left().subscribe([this](const PeerId& peer) { gone.push_back(peer); });
};

// Writes these bytes on a stream of their own; how it ended, as the sender sees it.
Task<std::error_code> send(ConnectionPtr connection, Bytes bytes) {
  StreamPtr stream = co_await connection->open_stream(ProtocolId(presence::kProtocol));
  co_await stream->write(bytes);
  co_await stream->close_write();
  const auto end = co_await as_result(read_to_end(*stream, 10));
  co_return end ? std::error_code() : end.error();
}

Bytes framed(BytesView message) {
  Bytes bytes = {static_cast<std::uint8_t>(message.size())};
  bytes.insert(bytes.end(), message.begin(), message.end());
  return bytes;
}

Task<void> sleep_long(Clock* clock, StreamPtr) {
  co_await clock->sleep_for(1h);
}

}  // namespace

TEST_CASE("a goodbye has one encoding") {
  const Bytes vector = hex("080110011880d0eab6b733");
  CHECK(Message{presence::Kind::kGoodbye, kNewYear}.encode() == vector);
  CHECK(Message::decode(vector) == Message{presence::Kind::kGoodbye, kNewYear});
}

TEST_CASE("anything but the one encoding is refused") {
  const std::vector<std::pair<std::string_view, std::string_view>> table = {
      {"", "nothing"},
      {"0801", "no kind"},
      {"08011001", "no time"},
      {"10011880d0eab6b733", "no version"},
      {"080010011880d0eab6b733", "a version 0, which is left out"},
      {"100108011880d0eab6b733", "another order"},
      {"0801080110011880d0eab6b733", "a field twice"},
      {"080110011880d0eab6b73300", "more behind it"},
      {"080110011880d0eab6b7332001", "a field of others"},
      {"080110011880d0eab6b7b300", "a number with a byte too many"},
      {"08011001188180808080808010", "a time over 2^53"},
      {"0a010010011880d0eab6b733", "a field of another type"},
      {"ffffffffffffffffffff", "no protobuf"},
  };
  for (const auto& [text, what] : table) {
    CAPTURE(what);
    CHECK_FALSE(Message::decode(hex(text)).has_value());
  }
  CHECK(decode_error(hex("080210011880d0eab6b733")) == Errc::kUnsupported);
  CHECK(decode_error(hex("080110021880d0eab6b733")) == Errc::kUnsupported);
  const Bytes vector = hex("080110011880d0eab6b733");
  for (std::size_t size = 0; size < vector.size(); ++size)
    CHECK_FALSE(Message::decode(BytesView(vector).first(size)).has_value());
}

TEST_CASE("a goodbye is heard by connected peers that speak the protocol, and by nobody else") {
  sim::World world(1);
  Guest alice(world, "alice"), bob(world, "bob"), carol(world, "carol"), dave(world, "dave");
  alice.meets(bob);
  dave.meets(alice);  // an inbound connection is as good
  alice.node.peerstore.set_description(dave.info.id, {.protocols = {ProtocolId(presence::kProtocol)}});
  world.run(alice.node.host.connect(carol.info));  // who has said nothing of presence
  CHECK(alice.presence.speaks(bob.info.id));
  CHECK_FALSE(alice.presence.speaks(carol.info.id));

  const Instant asked = world.clock().now();
  world.run(alice.presence.say_goodbye());
  CHECK(world.clock().now() - asked < 100ms);
  CHECK(bob.gone == std::vector{alice.info.id});
  CHECK(dave.gone == std::vector{alice.info.id});
  CHECK(carol.gone.empty());
  CHECK(alice.gone.empty());
}

TEST_CASE("who does not listen holds a goodbye up for a second, and nobody else") {
  sim::World world(2);
  Guest alice(world, "alice"), bob(world, "bob"), carol(world, "carol");
  bob.node.host.handle(ProtocolId(presence::kProtocol), [&](ConnectionPtr, StreamPtr stream) {
    return sleep_long(&world.clock(), std::move(stream));
  });
  alice.meets(bob);
  alice.meets(carol);
  Instant heard{};
  const auto watch = carol.presence.left().subscribe([&](const PeerId&) { heard = world.clock().now(); });
  const Instant asked = world.clock().now();
  world.run(alice.presence.say_goodbye());
  CHECK(world.clock().now() - asked == presence::kGoodbyeTimeout);
  CHECK(heard - asked < 100ms);
  world.cut(alice.node.machine, carol.node.machine);
  world.run(alice.presence.say_goodbye());
  CHECK(carol.gone.size() == 1);
}

TEST_CASE("malformed goodbyes end their stream, tell nobody and leave the connection") {
  sim::World world(3);
  Guest alice(world, "alice"), bob(world, "bob");
  const Bytes good = hex("080110011880d0eab6b733");
  const ConnectionPtr connection = world.run(alice.node.host.connect(bob.info));
  const std::vector<Bytes> table = {
      {}, {0}, framed(hex("ffff")), framed(hex("08011001")), {0xff, 0xff, 0xff, 0xff, 0x0f},
  };
  for (const Bytes& bytes : table) {
    CHECK(world.run(send(connection, bytes)));
    world.loop().advance(1min);  // not because of the rate
  }
  CHECK(bob.gone.empty());
  CHECK(connection->is_open());
  CHECK_FALSE(world.run(send(connection, framed(good))));
  CHECK(bob.gone == std::vector{alice.info.id});
}

TEST_CASE("floods of goodbyes are cut to a rate, for each peer") {
  sim::World world(4);
  Guest alice(world, "alice"), bob(world, "bob"), carol(world, "carol");
  const ConnectionPtr connection = world.run(alice.node.host.connect(bob.info));
  const Bytes good = framed(hex("080110011880d0eab6b733"));
  for (int i = 0; i < 50; ++i) world.run(as_result(send(connection, good)));
  CHECK(bob.gone.size() <= 4);
  CHECK(bob.gone.size() >= 3);
  bob.gone.clear();
  const ConnectionPtr another = world.run(carol.node.host.connect(bob.info));
  CHECK_FALSE(world.run(send(another, good)));
  CHECK(bob.gone == std::vector{carol.info.id});
}

TEST_CASE("a crowd is told in part, all at once") {
  sim::World world(5);
  Guest alice(world, "alice");
  std::vector<std::unique_ptr<Guest>> crowd;
  for (std::size_t i = 0; i < presence::kPeersToldMax + 2; ++i) {
    crowd.push_back(std::make_unique<Guest>(world, "guest" + std::to_string(i)));
    alice.meets(*crowd.back());
  }
  const Instant asked = world.clock().now();
  world.run(alice.presence.say_goodbye());
  CHECK(world.clock().now() - asked < 200ms);
  const auto told = std::ranges::count_if(crowd, [](const auto& guest) { return !guest->gone.empty(); });
  CHECK(told == presence::kPeersToldMax);
}
