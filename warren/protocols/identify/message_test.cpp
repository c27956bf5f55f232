#include "warren/protocols/identify/message.hpp"

#include <doctest/doctest.h>

#include "warren/base/protobuf_wire.hpp"
#include "warren/core/test_values.hpp"

using namespace warren;
using namespace warren::testing;
using identify::Limits;
using identify::Message;

namespace {

Result<Message> decode(BytesView encoded, const Limits& limits = {}) {
  Message message;
  if (const auto merged = message.merge(encoded, limits); !merged) return fail(merged.error());
  return message;
}

}  // namespace

TEST_CASE("an identify message round-trips") {
  Message message;
  message.public_key = Bytes{8, 1, 18, 0};
  message.listen_addresses = {address("/ip4/192.0.2.1/tcp/4001"), address("/ip6/2001:db8::1/tcp/4001")};
  message.protocols = {"/ipfs/ping/1.0.0", "/ipfs/id/1.0.0"};
  message.observed_address = address("/ip4/203.0.113.7/tcp/50000");
  message.protocol_version = "warren/1.0.0";
  message.agent_version = "warren/0.1.0";
  message.signed_peer_record = Bytes{1, 2, 3};

  const auto decoded = decode(message.encode());
  REQUIRE(decoded);
  CHECK(decoded->encode() == message.encode());
  CHECK(decoded->listen_addresses == message.listen_addresses);
  CHECK(decoded->observed_address == message.observed_address);
}

TEST_CASE("several messages add up, as go sends long ones") {
  Message first;
  first.protocols = {"/a"};
  first.agent_version = "one";
  Message second;
  second.protocols = {"/b"};
  second.agent_version = "two";
  Message merged;
  REQUIRE(merged.merge(first.encode(), {}));
  REQUIRE(merged.merge(second.encode(), {}));
  CHECK(merged.protocols == std::vector<ProtocolId>{"/a", "/b"});
  CHECK(merged.agent_version == "two");
}

TEST_CASE("unreadable addresses, unknown fields and control characters do no harm") {
  ProtobufWriter writer;
  writer.bytes(2, Bytes{0xff, 0xff, 0x03});
  writer.bytes(2, address("/ip4/192.0.2.1/tcp/1").bytes());
  writer.bytes(6, as_bytes("evil\x1b[2J\nagent"));
  writer.varint(99, 7);
  const auto decoded = decode(writer.view());
  REQUIRE(decoded);
  CHECK(decoded->listen_addresses.size() == 1);
  CHECK(*decoded->agent_version == "evil[2Jagent");
  CHECK(decode(as_bytes("garbage!")).error() == Errc::kMalformed);
}

TEST_CASE("what a peer says is bounded: 1,800 protocols and thousands of addresses") {
  const Limits limits;
  ProtobufWriter writer;
  for (int i = 0; i < 1800; ++i) writer.bytes(3, as_bytes("/p/" + std::to_string(i)));
  for (int i = 0; i < 5000; ++i)
    writer.bytes(2, Multiaddr().with_port(Protocol::kTcp, static_cast<std::uint16_t>(i)).bytes());
  writer.bytes(3, Bytes(limits.text_size_max + 1, 'x'));
  writer.bytes(6, Bytes(5000, 'x'));
  const auto decoded = decode(writer.view());
  REQUIRE(decoded);
  CHECK(decoded->protocols.size() == limits.protocols_max);
  CHECK(decoded->listen_addresses.size() == limits.addresses_max);
  CHECK(decoded->protocols_cut == 1800 - limits.protocols_max);
  CHECK(decoded->addresses_cut == 5000 - limits.addresses_max);
  CHECK(decoded->agent_version->size() == limits.text_size_max);
}
