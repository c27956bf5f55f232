// What a hostile peer sends to a server, and what it is allowed to do.
#include <doctest/doctest.h>

#include "warren/base/varint.hpp"
#include "warren/protocols/kad/limits.hpp"
#include "warren/protocols/kad/test_network.hpp"
#include "warren/protocols/kad/wire/message.hpp"

using namespace warren;
using namespace warren::kad;
using namespace warren::kad::test;

namespace {

// A server, and somebody who speaks to it byte by byte.
struct Attack {
  Attack() : eve(net.world.add_machine("eve")) {
    eve.listen();
    connection = net.run(eve.host.connect(server().info));
    net.world.loop().advance(1s);
  }
  ~Attack() { net.run(eve.host.close()); }

  DhtNode& server() { return net[0]; }
  StreamPtr open() { return net.run(connection->open_stream(server().kad.protocol())); }
  Result<> write(ByteStream& stream, Bytes bytes) { return net.run(as_result(stream.write(bytes))); }
  Result<> send(ByteStream& stream, const Message& message) {
    return net.run(as_result(write_delimited(stream, message.encode())));
  }
  // The next answer; an error when the server has reset the stream, kEndOfStream when it ended it.
  Result<Message> read(ByteStream& stream) {
    const auto bytes = net.run(as_result(read_delimited(stream, kMessageSizeMax)));
    if (!bytes) return fail(bytes.error());
    return Message::decode(*bytes);
  }
  Result<Message> ask(const Message& message) {
    const StreamPtr stream = open();
    if (const auto sent = send(*stream, message); !sent) return fail(sent.error());
    return read(*stream);
  }
  // Sends the bytes on a stream of their own and says what came of them.
  std::error_code provoke(Bytes bytes) {
    const StreamPtr stream = open();
    if (const auto sent = write(*stream, std::move(bytes)); !sent) return sent.error();
    const auto answer = read(*stream);
    return answer ? std::error_code() : answer.error();
  }
  void check_serves() {
    CHECK(ask({.type = MessageType::kPing}).has_value());
    CHECK(connection->is_open());
  }

  DhtNetwork net{2};
  TestNode eve;
  ConnectionPtr connection;
};

Message put(std::string_view key_name, Bytes value) {
  return {.type = MessageType::kPutValue,
          .key = toy_key(key_name),
          .record = WireRecord{.key = toy_key(key_name), .value = std::move(value)}};
}

Message add_provider(Bytes key, const PeerId& provider) {
  Message message{.type = MessageType::kAddProvider, .key = std::move(key)};
  message.providers.push_back({provider, {value_or_throw(Multiaddr::parse("/ip4/198.51.100.77/tcp/1"))}});
  return message;
}

const Bytes kMultihash(34, 7);

}  // namespace

TEST_CASE("huge, overlong and empty lengths, and garbage, end their stream only") {
  Attack attack;
  CHECK(attack.provoke({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}) == Errc::kReset);
  CHECK(attack.provoke(Bytes(12, 0xff)) == Errc::kReset);
  CHECK(attack.provoke({0x81, 0x00}) == Errc::kReset);
  Bytes too_large;
  append_varint(too_large, kRequestSizeMax + 1);
  CHECK(attack.provoke(std::move(too_large)) == Errc::kReset);
  CHECK(attack.provoke({0x00}) == Errc::kReset);
  CHECK(attack.provoke({0x05, 0xff, 0xff, 0xff, 0xff, 0xff}) == Errc::kReset);
  CHECK(attack.provoke({0x02, 0x08, 0x09}) == Errc::kReset);  // a type that nobody knows
  attack.check_serves();
  CHECK(attack.net.run(attack.server().kad.stats()).requests_refused >= 7);
}

TEST_CASE("many messages on one stream are answered in order, until the end") {
  Attack attack;
  const StreamPtr stream = attack.open();
  Bytes pipelined;
  for (int i = 0; i < 100; ++i) {
    const Bytes message = Message{.type = MessageType::kGetValue, .key = toy_key(std::to_string(i))}.encode();
    append_varint(pipelined, message.size());
    append(pipelined, message);
  }
  REQUIRE(attack.write(*stream, pipelined));
  for (int i = 0; i < 100; ++i) {
    const auto answer = attack.read(*stream);
    REQUIRE(answer.has_value());
    CHECK(answer->key == toy_key(std::to_string(i)));
  }
  attack.net.run(stream->close_write());
  CHECK(attack.read(*stream).error() == Errc::kEndOfStream);
}

TEST_CASE("wrong records, records for other keys and old ones are refused") {
  Attack attack;
  CHECK(attack.ask(put("a", toy_value(5, "a"))).has_value());
  CHECK(attack.ask(put("a", toy_value(4, "a"))).error() == Errc::kReset);  // older
  CHECK(attack.ask(put("a", toy_value(9, "b"))).error() == Errc::kReset);  // not for this key
  CHECK(attack.ask(put("a", {})).error() == Errc::kReset);
  Message other = put("a", toy_value(9, "b"));
  other.record->key = toy_key("b");  // the key of the message is another
  CHECK(attack.ask(other).error() == Errc::kReset);
  Message unknown = put("a", toy_value(9, "a"));
  unknown.key = unknown.record->key = record_key("unknown", as_bytes("a"));
  CHECK(attack.ask(unknown).error() == Errc::kReset);
  CHECK(attack.ask({.type = MessageType::kPutValue, .key = toy_key("a")}).error() == Errc::kReset);
  CHECK(attack.ask({.type = MessageType::kFindNode}).error() == Errc::kReset);  // for no key

  const auto held = attack.ask({.type = MessageType::kGetValue, .key = toy_key("a")});
  REQUIRE(held.has_value());
  REQUIRE(held->record);
  CHECK(held->record->value == toy_value(5, "a"));
  CHECK(attack.net.run(attack.server().kad.stats()).kept.records == 1);
}

TEST_CASE("a peer announces itself as a provider, and nobody else") {
  Attack attack;
  const auto tell = [&](const Message& message) {
    const StreamPtr stream = attack.open();
    if (const auto sent = attack.send(*stream, message); !sent) return sent.error();
    attack.net.run(stream->close_write());
    return attack.read(*stream).error();
  };
  CHECK(tell(add_provider(kMultihash, attack.eve.host.peer_id())) == Errc::kEndOfStream);
  CHECK(tell(add_provider(kMultihash, attack.net[1].id())) == Errc::kReset);
  CHECK(tell(add_provider(Bytes(kProviderKeySizeMax + 1, 1), attack.eve.host.peer_id())) == Errc::kReset);
  const auto found = attack.net.run(attack.net[1].kad.find_providers(kMultihash));
  REQUIRE(found.size() == 1);
  CHECK(found.front().id == attack.eve.host.peer_id());
}

TEST_CASE("a flood of provider records and values is cut off, and does not cost others their turn") {
  Attack attack;
  int taken = 0;
  for (int i = 0; i < 2 * static_cast<int>(kWritesBurst); ++i) {
    const StreamPtr stream = attack.open();
    Bytes key = kMultihash;
    key[0] = static_cast<std::uint8_t>(i);
    key[1] = static_cast<std::uint8_t>(i >> 8);
    REQUIRE(attack.send(*stream, add_provider(std::move(key), attack.eve.host.peer_id())));
    attack.net.run(stream->close_write());
    if (attack.read(*stream).error() == Errc::kEndOfStream) ++taken;
  }
  CHECK(taken >= static_cast<int>(kWritesBurst));
  // Each took two round trips of 20 ms, in which tokens came back.
  CHECK(taken < static_cast<int>(kWritesBurst + 400 * 0.1 * kWritesPerSecond));
  CHECK(attack.ask(put("a", toy_value(1, "a"))).error() == Errc::kReset);
  CHECK(attack.net.run(attack.net[1].kad.put_value(toy_key("b"), toy_value(1, "b"))) >= 1);
  attack.check_serves();
}

TEST_CASE("streams that say nothing, or a message in drops, are ended") {
  Attack attack;
  const StreamPtr silent = attack.open();
  REQUIRE(attack.send(*silent, {.type = MessageType::kPing}));
  REQUIRE(attack.read(*silent));
  const StreamPtr slow = attack.open();
  REQUIRE(attack.write(*slow, {100}));
  int drops = 0;
  while (drops < 30 && attack.write(*slow, {0x08})) {
    attack.net.world.loop().advance(1s);
    ++drops;
  }
  CHECK(drops <= 10 + 5 + 1);  // kMessageTimeMax and kSweepInterval
  attack.net.world.loop().advance(kServedIdleMax + kSweepInterval);
  CHECK(attack.read(*silent).error() == Errc::kReset);
  attack.check_serves();
}

TEST_CASE("a peer gets so many streams at a time, and gets new ones when they end") {
  Attack attack;
  std::vector<StreamPtr> streams;
  std::size_t served = 0;
  for (std::size_t i = 0; i < 2 * kStreamsServedPerPeerMax; ++i) {
    StreamPtr stream = attack.open();
    REQUIRE(attack.send(*stream, {.type = MessageType::kPing}));
    if (attack.read(*stream)) ++served;
    streams.push_back(std::move(stream));
  }
  CHECK(served == kStreamsServedPerPeerMax);
  CHECK(attack.net.run(attack.net[1].kad.closest_peers(to_bytes("key"))).size() == 1);  // others are served
  streams.clear();
  attack.net.world.loop().advance(1s);
  attack.check_serves();
}

TEST_CASE("the node's limit of streams is kept, and given back") {
  sim::World world(3);
  MemoryDhtStore store;
  Limit limit("dht_streams_max", "conversations of the DHT", 2);
  Config config = test_config();
  config.accounts.streams = &limit;
  DhtNode server(world.add_machine("server"), store, config);
  world.run(server.kad.start());
  TestNode eve(world.add_machine("eve"));
  const ConnectionPtr connection = world.run(eve.host.connect(server.info));
  std::vector<StreamPtr> streams;
  for (int i = 0; i < 3; ++i) {
    streams.push_back(world.run(connection->open_stream(server.kad.protocol())));
    world.run(write_delimited(*streams.back(), Message{.type = MessageType::kPing}.encode()));
    world.loop().advance(1s);
  }
  CHECK(limit.used() == 2);
  CHECK(limit.use().refused == 1);
  streams.clear();
  world.loop().advance(1s);
  CHECK(limit.used() == 0);
  world.run(server.close());
  world.run(eve.host.close());
}
