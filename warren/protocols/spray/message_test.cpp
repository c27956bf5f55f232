#include "warren/protocols/spray/message.hpp"

#include <doctest/doctest.h>

#include <ostream>

#include "warren/base/protobuf_wire.hpp"
#include "warren/core/test_values.hpp"
#include "warren/protocols/spray/probe.hpp"

using namespace warren;
using namespace warren::spray;
using namespace warren::testing;

namespace {

Result<Message> decoded(std::string_view hex) {
  return decode(value_or_throw(from_hex(hex)));
}

bool means(std::string_view hex, const Message& expected) {
  const auto message = decoded(hex);
  return message && message->index() == expected.index() && encode(*message) == encode(expected);
}

PeerPosition a_position() {
  PeerPosition position;
  position.mapping = NatMapping::kDependent;
  position.filtering = NatFiltering::kAddressAndPort;
  position.ports = NatPorts::kRandom;
  position.addresses = {address("/ip4/203.0.113.2/udp/4001/quic-v1")};
  position.local = {address("/ip4/192.168.1.2/tcp/4001")};
  position.outside = {ip("203.0.113.2"), ip("2001:db8::2")};
  return position;
}

Spray a_spray(Role role) {
  Spray spray{.role = role, .token = {}, .seen = {ip("203.0.113.1"), 0}};
  for (std::uint8_t i = 0; i < 16; ++i) spray.token[i] = i;
  if (role == Role::kProbes) spray.seen.port = 4001;
  return spray;
}

}  // namespace

TEST_CASE("messages have the bytes of docs/wire.md") {
  CHECK(to_hex(encode(Message(Begin{}))) == "0803");
  CHECK(to_hex(encode(Message(Ok{}))) == "0804");
  CHECK(to_hex(encode(Message(Refused{RelayReason::kLimitedByBudget}))) ==
        "08051a114c494d495445445f42595f425544474554");
  CHECK(to_hex(encode(Message(End{}))) == "0806");
  CHECK(to_hex(encode(Message(End{false, RelayReason::kProbesUnanswered}))) ==
        "08061a1150524f4245535f554e414e535745524544");
  CHECK(to_hex(encode(Message(a_spray(Role::kOpens)))) ==
        "0802121a08011210000102030405060708090a0b0c0d0e0f1a04cb007101");
  CHECK(to_hex(encode(Message(a_spray(Role::kProbes)))) ==
        "0802121d08021210000102030405060708090a0b0c0d0e0f1a04cb00710120a11f");
  CHECK(to_hex(encode(Message(a_position()))) ==
        "08011235100318032002"
        "2a0b04cb0071029102"
        "0fa1cd03"
        "320804c0a80102060fa1"
        "3a04cb0071023a1020010db8000000000000000000000002");
  CHECK(to_hex(encode(Message(PeerPosition{}))) == "08011200");
}

TEST_CASE("what was encoded is decoded to the same") {
  for (const Message& message :
       std::vector<Message>{Begin{}, Ok{}, Refused{RelayReason::kBothHardNat}, Refused{}, End{},
                            End{false, RelayReason::kSyncTimeout}, End{false, std::nullopt},
                            a_spray(Role::kOpens), a_spray(Role::kProbes), a_position()}) {
    const auto again = decode(encode(message));
    REQUIRE(again);
    CHECK(again->index() == message.index());
    CHECK(encode(*again) == encode(message));
  }
  const auto position = std::get<PeerPosition>(*decode(encode(Message(a_position()))));
  CHECK(position.udp);
  CHECK(position.mapping == NatMapping::kDependent);
  CHECK(position.filtering == NatFiltering::kAddressAndPort);
  CHECK(position.ports == NatPorts::kRandom);
  CHECK(position.addresses == a_position().addresses);
  CHECK(position.local == a_position().local);
  CHECK(position.outside == a_position().outside);
  CHECK_FALSE(position.relay_only);

  PeerPosition blocked;
  blocked.udp = false;
  blocked.relay_only = true;
  const auto back = std::get<PeerPosition>(*decode(encode(Message(blocked))));
  CHECK_FALSE(back.udp);
  CHECK(back.relay_only);
}

TEST_CASE("values that a later version may have are read as unknown") {
  const auto strange = decoded("080112081009180920094001");
  REQUIRE(strange);
  const auto& told = std::get<PeerPosition>(*strange);
  CHECK(told.mapping == NatMapping::kUnknown);
  CHECK(told.filtering == NatFiltering::kUnknown);
  CHECK(told.ports == NatPorts::kUnknown);
  CHECK(told.relay_only);
  CHECK(means("08051a024e4f", Refused{}));
  CHECK(means("08061a024e4f", End{false, std::nullopt}));
  CHECK(means("080320014801", Begin{}));  // further fields
}

TEST_CASE("addresses are bounded, and those that nobody can read are left out") {
  PeerPosition many;
  for (int i = 0; i < 100; ++i) {
    many.addresses.push_back(address("/ip4/203.0.113.2/udp/" + std::to_string(4000 + i) + "/quic-v1"));
    many.local.push_back(address("/ip4/10.0.0.2/udp/" + std::to_string(4000 + i) + "/quic-v1"));
    many.outside.push_back(IpAddress::v4({203, 0, 113, static_cast<std::uint8_t>(i)}));
  }
  const auto read = std::get<PeerPosition>(*decode(encode(Message(many))));
  CHECK(read.addresses.size() == kAddressesMax);
  CHECK(read.local.size() == kLocalMax);
  CHECK(read.outside.size() == kOutsideMax);
  CHECK(read.addresses.front() == many.addresses.front());

  // Large ones: as many as there is room for.
  PeerPosition large;
  const std::string label(200, 'a');
  for (int i = 0; i < 16; ++i) {
    large.addresses.push_back(
        address("/dns/" + label + "/tcp/443/tls/sni/" + label + "/ws/http-path/" + label));
  }
  CHECK(encode(Message(large)).size() <= kMessageSizeMax);
  CHECK(std::get<PeerPosition>(*decode(encode(Message(large)))).addresses.size() >= 4);

  // By a writer who does not care.
  ProtobufWriter body;
  for (int i = 0; i < 200; ++i) body.bytes(5, Bytes{0x04, 1, 2, 3, 4});
  body.bytes(5, address("/ip4/1.2.3.4/udp/1/quic-v1").bytes());
  ProtobufWriter whole;
  whole.varint(1, 1).bytes(2, body.view());
  CHECK(std::get<PeerPosition>(*decode(whole.view())).addresses.size() == kAddressesMax);
  CHECK(std::get<PeerPosition>(*decoded("080112042a02ffff")).addresses.empty());
}

TEST_CASE("violations are errors") {
  const std::vector<std::pair<std::string_view, std::string_view>> cases{
      {"nothing", ""},
      {"no type", "1200"},
      {"unknown type", "0807"},
      {"a spray without anything", "0802"},
      {"no such role", "0802121a08031210000102030405060708090a0b0c0d0e0f1a04cb007101"},
      {"a short token",
       "08021219080112"
       "0f000102030405060708090a0b0c0d0e1a04cb007101"},
      {"an address of 5 bytes", "0802121b08011210000102030405060708090a0b0c0d0e0f1a05cb00710100"},
      {"probes from no port", "0802121a08021210000102030405060708090a0b0c0d0e0f1a04cb007101"},
      {"sockets at a port", "0802121d08011210000102030405060708090a0b0c0d0e0f1a04cb00710120a11f"},
      {"a port of 17 bits", "0802121e08021210000102030405060708090a0b0c0d0e0f1a04cb00710120808004"},
      {"an outside address of 3 bytes", "080112053a03010203"},
      {"a body of another wire type", "08011001"},
      {"truncated", "080112ff"},
      {"a type that never ends", "08ffffffffffffffffffffff"},
  };
  for (const auto& [what, hex] : cases) {
    CAPTURE(what);
    CHECK_FALSE(decoded(hex));
  }
  CHECK(decode(Bytes(kMessageSizeMax + 1)).error() == Errc::kTooLarge);
  ProtobufWriter long_reason;
  long_reason.varint(1, 5).bytes(3, Bytes(65, 'A'));
  CHECK(decode(long_reason.view()).error() == Errc::kTooLarge);
}

TEST_CASE("probes are those of one spray, of one kind, and nothing of other protocols") {
  const Secret secret{a_spray(Role::kOpens).token, {9}};
  CHECK(to_hex(encode_probe(secret, ProbeKind::kProbe)) == "09f55c72bde8006269a0449ffdc8594f38");
  for (const ProbeKind kind : {ProbeKind::kOpener, ProbeKind::kProbe, ProbeKind::kAnswer}) {
    Bytes probe = encode_probe(secret, kind);
    CHECK(probe.size() == 17);
    CHECK(probe.front() > 3);   // STUN
    CHECK(probe.front() < 16);  // ZRTP, DTLS, TURN, QUIC, RTP
    CHECK(decode_probe(secret, probe) == kind);
    CHECK_FALSE(decode_probe(Secret{secret.probing, secret.opening}, probe));
    CHECK_FALSE(decode_probe(Secret{secret.opening, {8}}, probe));
    probe.front() ^= 1;
    CHECK_FALSE(decode_probe(secret, probe));
    probe.front() ^= 1;
    probe.push_back(0);
    CHECK_FALSE(decode_probe(secret, probe));
    probe.resize(16);
    CHECK_FALSE(decode_probe(secret, probe));
  }
  CHECK_FALSE(decode_probe(secret, {}));
}
