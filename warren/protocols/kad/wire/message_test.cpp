#include "warren/protocols/kad/wire/message.hpp"

#include <doctest/doctest.h>

#include "warren/base/protobuf_wire.hpp"
#include "warren/core/test_values.hpp"
#include "warren/crypto/testing.hpp"

namespace warren::kad {
namespace {

using testing::address;
using testing::hex;

PeerId some_peer(std::uint8_t number) {
  Bytes multihash = {0x12, 0x20};
  multihash.resize(34, number);
  return value_or_throw(PeerId::from_bytes(multihash));
}

constexpr std::string_view kPeer1 = "12200101010101010101010101010101010101010101010101010101010101010101";

// A Peer message with these fields, as the field of a Message.
Bytes peer_field(std::uint32_t field, const Bytes& id, const std::vector<Bytes>& addresses) {
  ProtobufWriter peer;
  peer.bytes(1, id);
  for (const Bytes& bytes : addresses) peer.bytes(2, bytes);
  return ProtobufWriter().bytes(field, peer.view()).take();
}

Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) append(all, part);
  return all;
}

Message decoded(const Bytes& bytes) {
  return value_or_throw(Message::decode(bytes));
}

std::error_code refused(const Bytes& bytes) {
  const auto message = Message::decode(bytes);
  REQUIRE(!message);
  return message.error();
}

TEST_CASE("the bytes of each kind of message") {
  CHECK(to_hex(Message{.type = MessageType::kFindNode, .key = {7, 8}}.encode()) == "080412020708");
  CHECK(to_hex(Message{.type = MessageType::kPing}.encode()) == "0805");
  // Zero is the default and not written.
  const Message put{.type = MessageType::kPutValue,
                    .key = to_bytes("/a/b"),
                    .record = WireRecord{.key = to_bytes("/a/b"), .value = {1, 2, 3}, .time_received = "t"}};
  CHECK(to_hex(put.encode()) ==
        "12042f612f62"
        "1a0e"
        "0a042f612f62"
        "1203010203"
        "2a0174");
  const Message answer{.type = MessageType::kGetProviders,
                       .key = {9},
                       .closer = {{some_peer(1), {address("/ip4/127.0.0.1/tcp/1")}}},
                       .providers = {{some_peer(1), {}}}};
  CHECK(to_hex(answer.encode()) ==
        "0803"
        "120109"
        "422e"
        "0a22" +
            std::string(kPeer1) +
            "1208047f000001060001"
            "4a24"
            "0a22" +
            std::string(kPeer1));
}

TEST_CASE("what is written is read") {
  Message message{.type = MessageType::kGetValue,
                  .key = Bytes(kKeySizeMax, 1),
                  .record = WireRecord{.key = Bytes(kKeySizeMax, 2),
                                       .value = Bytes(kRecordValueSizeMax, 3),
                                       .time_received = "2040-01-02T03:04:05.678901234Z"}};
  for (std::uint8_t i = 0; i < kPeersMax; ++i) {
    message.closer.push_back({some_peer(i), {address("/ip4/192.0.2.1/udp/4001/quic-v1")}});
    message.providers.push_back({some_peer(i), {}});
  }
  const Bytes bytes = message.encode();
  const Message read = decoded(bytes);
  CHECK(read.type == message.type);
  CHECK(read.key == message.key);
  CHECK(read.record == message.record);
  REQUIRE(read.closer.size() == kPeersMax);
  CHECK(read.closer[39].id == some_peer(39));
  CHECK(read.closer[39].addresses == message.closer[39].addresses);
  CHECK(read.encode() == bytes);
  // Cut anywhere it is no such message any more.
  for (std::size_t size = 0; size < bytes.size(); size += size < 2200 ? 1 : 997) {
    const auto part = Message::decode(BytesView(bytes).first(size));
    CHECK((!part || part->encode() != bytes));
  }
}

TEST_CASE("what other implementations write is read") {
  // clusterLevelRaw (field 10), connection (field 3), unknown fields, any order, the last of equals.
  const Message read = decoded(joined({hex("5001"
                                           "120101"
                                           "0804"
                                           "9a0603010203"
                                           "120102"),
                                       ProtobufWriter()
                                           .bytes(8, hex("1801"
                                                         "0a22" +
                                                         std::string(kPeer1)))
                                           .take()}));
  CHECK(read.type == MessageType::kFindNode);
  CHECK(read.key == Bytes{2});
  REQUIRE(read.closer.size() == 1);
  CHECK(read.closer[0].id == some_peer(1));
  CHECK(decoded({}).type == MessageType::kPutValue);
  CHECK(decoded(hex("1a00")).record == WireRecord{});
  CHECK(!decoded(hex("0804")).record);
}

TEST_CASE("addresses lose their own peer, and those of others are dropped") {
  const Bytes id = hex(kPeer1);
  const std::string own = some_peer(1).to_string();
  const std::string other = some_peer(2).to_string();
  const auto read_one = [&](const std::string& text) {
    return decoded(peer_field(8, id, {address(text).bytes()})).closer.at(0).addresses;
  };
  CHECK(read_one("/ip4/192.0.2.1/tcp/1/p2p/" + own) == std::vector{address("/ip4/192.0.2.1/tcp/1")});
  CHECK(read_one("/ip4/192.0.2.1/tcp/1/p2p/" + other).empty());
  CHECK(read_one("/p2p/" + own).empty());
  CHECK(read_one("/ip4/192.0.2.1/tcp/1/p2p/" + own + "/p2p/" + own).empty());
  CHECK(read_one("/ip4/192.0.2.1/p2p/" + own + "/tcp/1").empty());
  const std::string relayed = "/ip4/192.0.2.1/tcp/1/p2p/" + other + "/p2p-circuit";
  CHECK(read_one(relayed) == std::vector{address(relayed)});
  CHECK(read_one(relayed + "/p2p/" + own) == std::vector{address(relayed)});
  CHECK(read_one(relayed + "/p2p/" + other).empty());
  CHECK(read_one("/ip4/165.3.165.3/tcp/42243") == std::vector{address("/ip4/165.3.165.3/tcp/42243")});
}

TEST_CASE("broken peers and addresses are left out, the others stay") {
  const Bytes good = address("/ip4/192.0.2.1/tcp/1").bytes();
  const Message read = decoded(joined({peer_field(8, hex("1220"), {good}), peer_field(8, {}, {good}),
                                       peer_field(8, hex(kPeer1), {{}, hex("ff01"), good, hex("0401")})}));
  REQUIRE(read.closer.size() == 1);
  CHECK(read.closer[0].addresses == std::vector{address("/ip4/192.0.2.1/tcp/1")});
}

TEST_CASE("what a peer may grow is bounded") {
  const Bytes good = address("/ip4/192.0.2.1/tcp/1").bytes();
  CHECK(decoded(peer_field(8, hex(kPeer1), std::vector<Bytes>(100, good))).closer[0].addresses.size() ==
        kPeerAddressesMax);
  Bytes long_address = good;  // an address of 1000 bytes: the path is the rest
  append(long_address, hex("e103"
                           "dd07"));
  long_address.resize(long_address.size() + 989, 'a');
  REQUIRE(Multiaddr::from_bytes(long_address));
  CHECK(decoded(peer_field(8, hex(kPeer1), std::vector<Bytes>(9, long_address))).closer[0].addresses.size() ==
        4);

  Bytes many;
  for (int i = 0; i < 5000; ++i) append(many, peer_field(9, hex(kPeer1), {}));
  CHECK(decoded(many).providers.size() == kPeersMax);
  Bytes empty;
  for (int i = 0; i < 100'000; ++i) append(empty, hex("4200"));
  CHECK(decoded(empty).closer.empty());
  // Broken ones count too: what follows is not looked at.
  append(empty, peer_field(8, hex(kPeer1), {}));
  CHECK(decoded(empty).closer.empty());

  CHECK(refused(Bytes(kAnswerSizeMax + 1)) == Errc::kTooLarge);
  CHECK(refused(ProtobufWriter().bytes(2, Bytes(kKeySizeMax + 1)).take()) == Errc::kTooLarge);
  const Bytes value = ProtobufWriter().bytes(2, Bytes(kRecordValueSizeMax + 1)).take();
  CHECK(refused(ProtobufWriter().bytes(3, value).take()) == Errc::kTooLarge);
  const Bytes time = ProtobufWriter().bytes(5, Bytes(65, '1')).take();
  CHECK(refused(ProtobufWriter().bytes(3, time).take()) == Errc::kTooLarge);
}

TEST_CASE("an answer of ours is never over the bounds") {
  const Multiaddr large =
      value_or_throw(Multiaddr::from_bytes(joined({address("/ip4/192.0.2.1/tcp/1").bytes(),
                                                   hex("e103"
                                                       "d807"),
                                                   Bytes(984, 'a')})));
  Message message{.type = MessageType::kGetValue,
                  .record = WireRecord{.key = {}, .value = Bytes(kRecordValueSizeMax), .time_received = {}}};
  for (std::uint8_t i = 0; i < 60; ++i) message.closer.push_back({some_peer(i), std::vector(50, large)});
  message.providers = message.closer;
  const Bytes bytes = message.encode();
  CHECK(bytes.size() <= kMessageSizeMax);
  const Message read = decoded(bytes);
  CHECK(read.closer.size() == kPeersMax);
  CHECK(read.closer[0].addresses.size() == 4);
  CHECK(read.providers.size() > 0);
  CHECK(read.providers.size() < kPeersMax);
}

TEST_CASE("bytes that are no message are refused") {
  CHECK(refused(hex("0806")) == Errc::kUnsupported);
  CHECK(refused(hex("08ffffffffffffffffff01")) == Errc::kUnsupported);
  CHECK(refused(hex("08ffffffffffffffffffff01")) == Errc::kMalformed);  // over 64 bits
  CHECK(refused(hex("12ffffffffffffffffff01")) == Errc::kTruncated);    // a length of 2^64 - 1
  CHECK(refused(hex("42ffffffff0f")) == Errc::kTruncated);
  CHECK(refused(hex("1a02120a")) == Errc::kTruncated);
  CHECK(refused(hex("0a0104")) == Errc::kMalformed);  // a type that is bytes
  CHECK(refused(hex("1001")) == Errc::kMalformed);    // a key that is a number
  CHECK(refused(hex("4001")) == Errc::kMalformed);    // a peer that is one
  CHECK(refused(hex("4202"
                    "1205")) == Errc::kMalformed);  // inside a peer
  CHECK(refused(hex("0b0c")) == Errc::kMalformed);  // a group
  CHECK(refused(hex("00")) == Errc::kMalformed);
}

}  // namespace
}  // namespace warren::kad
