#include "warren/sim/nat_model.hpp"

#include <doctest/doctest.h>

#include <set>
#include <vector>

namespace warren::sim {
namespace {

using Kind = NatModel::Verdict::Kind;
using enum NatBehavior;

constexpr Instant kStart{5s};
const IpAddress kOutside = IpAddress::v4({203, 0, 113, 1});

Endpoint inside(std::uint8_t host, std::uint16_t port = 4001) {
  return {IpAddress::v4({192, 168, 1, host}), port};
}
Endpoint server(std::uint8_t host, std::uint16_t port = 3478) {
  return {IpAddress::v4({198, 51, 100, host}), port};
}
NatOptions of_type(const char* name) {
  return NatOptions::of_type(name).value();
}

NatPacket udp(const Endpoint& from, const Endpoint& to) {
  return {.protocol = NatProtocol::kUdp, .from = from, .to = to};
}
NatPacket echo(const Endpoint& from, const Endpoint& to) {
  return {.protocol = NatProtocol::kIcmpEcho, .from = from, .to = to};
}
NatPacket tcp(const Endpoint& from, const Endpoint& to) {
  return {.protocol = NatProtocol::kTcp, .from = from, .to = to};
}
NatPacket syn(const Endpoint& from, const Endpoint& to) {
  NatPacket packet = tcp(from, to);
  packet.syn = true;
  return packet;
}
NatPacket syn_ack(const Endpoint& from, const Endpoint& to) {
  NatPacket packet = syn(from, to);
  packet.ack = true;
  return packet;
}
NatPacket ack(const Endpoint& from, const Endpoint& to) {
  NatPacket packet = tcp(from, to);
  packet.ack = true;
  return packet;
}
NatPacket fin(const Endpoint& from, const Endpoint& to) {
  NatPacket packet = ack(from, to);
  packet.fin = true;
  return packet;
}
NatPacket rst(const Endpoint& from, const Endpoint& to) {
  NatPacket packet = tcp(from, to);
  packet.rst = true;
  return packet;
}

// Where the packet comes from when it is outside.
Endpoint mapped(NatModel& nat, const NatPacket& packet, Instant now = kStart) {
  const auto verdict = nat.from_inside(packet, now);
  REQUIRE(verdict.kind == Kind::kOut);
  CHECK(verdict.to == packet.to);
  return verdict.from;
}

// Whether a packet to that outside endpoint reaches the inside one.
bool reaches(NatModel& nat, const NatPacket& packet, const Endpoint& inner, Instant now = kStart) {
  const auto verdict = nat.from_outside(packet, now);
  if (verdict.kind != Kind::kIn) return false;
  CHECK(verdict.from == packet.from);
  CHECK(verdict.to == inner);
  return true;
}

TEST_CASE("mapping: which destinations see the same outside endpoint") {
  struct Row {
    NatBehavior mapping;
    bool other_port;
    bool other_address;
  };
  for (const NatPorts ports : {NatPorts::kPreserved, NatPorts::kSequential, NatPorts::kRandom}) {
    for (const Row& row : {Row{kEndpointIndependent, true, true}, Row{kAddressDependent, true, false},
                           Row{kAddressAndPortDependent, false, false}}) {
      NatModel nat(1, {.mapping = row.mapping, .ports = ports}, kOutside);
      const Endpoint first = mapped(nat, udp(inside(2), server(1)));
      CHECK(first.address == kOutside);
      CHECK(mapped(nat, udp(inside(2), server(1))) == first);
      CHECK((mapped(nat, udp(inside(2), server(1, 3479))) == first) == row.other_port);
      CHECK((mapped(nat, udp(inside(2), server(2))) == first) == row.other_address);
      CHECK(mapped(nat, udp(inside(2, 4002), server(1))) != first);
      CHECK(mapped(nat, udp(inside(3), server(1))) != first);
    }
  }
}

TEST_CASE("filtering: who may answer") {
  struct Row {
    NatBehavior filtering;
    bool other_port;
    bool other_address;
  };
  for (const Row& row : {Row{kEndpointIndependent, true, true}, Row{kAddressDependent, true, false},
                         Row{kAddressAndPortDependent, false, false}}) {
    NatModel nat(1, {.filtering = row.filtering}, kOutside);
    CHECK_FALSE(reaches(nat, udp(server(1), {kOutside, 4001}), inside(2)));
    const Endpoint outer = mapped(nat, udp(inside(2), server(1)));
    CHECK(reaches(nat, udp(server(1), outer), inside(2)));
    CHECK(reaches(nat, udp(server(1, 3479), outer), inside(2)) == row.other_port);
    CHECK(reaches(nat, udp(server(2), outer), inside(2)) == row.other_address);
    CHECK_FALSE(reaches(nat, udp(server(1), {kOutside, 9}), inside(2)));
    // What came in opens nothing.
    CHECK(reaches(nat, udp(server(2), outer), inside(2)) == row.other_address);
    mapped(nat, udp(inside(2), server(2)));
    CHECK(reaches(nat, udp(server(2), outer), inside(2)));
  }
}

TEST_CASE("ports: preserved when free, the next one, or any") {
  NatModel preserving(1, {}, kOutside);
  CHECK(mapped(preserving, udp(inside(2), server(1))).port == 4001);
  CHECK(mapped(preserving, udp(inside(3), server(1))).port != 4001);
  NatModel sequential(1, of_type("symmetric-sequential"), kOutside);
  NatModel random(1, of_type("symmetric-random"), kOutside);
  std::uint16_t last = mapped(sequential, udp(inside(2), server(1, 1))).port;
  std::set<std::uint16_t> ports;
  int steps = 0;
  for (std::uint16_t port = 2; port <= 100; ++port) {
    const std::uint16_t next = mapped(sequential, udp(inside(2), server(1, port))).port;
    CHECK(next == (last == 65535 ? 1024 : last + 1));
    last = next;
    const std::uint16_t drawn = mapped(random, udp(inside(2), server(1, port))).port;
    CHECK(ports.insert(drawn).second);
    steps += ports.contains(static_cast<std::uint16_t>(drawn - 1)) ? 1 : 0;
  }
  CHECK(steps < 5);
}

TEST_CASE("ports are unique by protocol, and run out") {
  NatModel nat(1, {.mappings_max = 100'000}, kOutside);
  std::set<std::uint16_t> ports;
  for (int i = 0; i < 64512; ++i) {
    const auto host = static_cast<std::uint8_t>(i / 10'000);
    const auto port = static_cast<std::uint16_t>(40'000 + i % 10'000);
    ports.insert(mapped(nat, udp(inside(host, port), server(1))).port);
  }
  CHECK(ports.size() == 64512);
  CHECK(nat.from_inside(udp(inside(99), server(1)), kStart).kind == Kind::kDrop);
  CHECK(mapped(nat, syn(inside(2, 40'000), server(1))).port == 40'000);
}

TEST_CASE("packets from inside keep a mapping alive, those from outside do not") {
  NatModel nat(1, {.filtering = kEndpointIndependent, .udp_timeout = 30s}, kOutside);
  const Endpoint outer = mapped(nat, udp(inside(2), server(1)));
  mapped(nat, udp(inside(2), server(1)), kStart + 20s);
  CHECK(reaches(nat, udp(server(9), outer), inside(2), kStart + 49s));
  CHECK(nat.mappings() == 1);
  CHECK_FALSE(reaches(nat, udp(server(1), outer), inside(2), kStart + 50s));
  CHECK(nat.mappings() == 0);
}

TEST_CASE("a permission ends before its mapping, when only others are spoken to") {
  NatModel nat(1, {.udp_timeout = 30s}, kOutside);
  const Endpoint outer = mapped(nat, udp(inside(2), server(1)));
  CHECK(mapped(nat, udp(inside(2), server(2)), kStart + 20s) == outer);
  CHECK(reaches(nat, udp(server(1), outer), inside(2), kStart + 29s));
  CHECK_FALSE(reaches(nat, udp(server(1), outer), inside(2), kStart + 30s));
  CHECK(reaches(nat, udp(server(2), outer), inside(2), kStart + 30s));
}

TEST_CASE("hairpinning shows the outside address of who speaks, and filters") {
  NatModel deaf(1, of_type("full-cone"), kOutside);
  const Endpoint unheard = mapped(deaf, udp(inside(2), server(1)));
  CHECK(deaf.from_inside(udp(inside(3), unheard), kStart).kind == Kind::kDrop);
  for (const NatBehavior filtering : {kEndpointIndependent, kAddressAndPortDependent}) {
    NatModel nat(1, {.filtering = filtering, .hairpin = true}, kOutside);
    const Endpoint two = mapped(nat, udp(inside(2), server(1)));
    const Endpoint three = mapped(nat, udp(inside(3), server(1)));
    const auto first = nat.from_inside(udp(inside(2), three), kStart);
    CHECK((first.kind == Kind::kIn) == (filtering == kEndpointIndependent));
    const auto second = nat.from_inside(udp(inside(3), two), kStart);
    CHECK(second.kind == Kind::kIn);
    CHECK(second.from == three);
    CHECK(second.to == inside(2));
  }
}

TEST_CASE("TCP: a SYN opens, an established connection lasts, a closed one does not") {
  NatModel nat(1, {}, kOutside);
  CHECK(nat.from_inside(ack(inside(2), server(1)), kStart).kind == Kind::kDrop);
  const Endpoint outer = mapped(nat, syn(inside(2), server(1)));
  SUBCASE("half open") {
    CHECK(reaches(nat, syn_ack(server(1), outer), inside(2), kStart + 239s));
    CHECK_FALSE(reaches(nat, syn_ack(server(1), outer), inside(2), kStart + 240s));
  }
  SUBCASE("open") {
    CHECK(reaches(nat, syn_ack(server(1), outer), inside(2)));
    mapped(nat, ack(inside(2), server(1)));
    CHECK(reaches(nat, ack(server(1), outer), inside(2), kStart + 123min));
    CHECK_FALSE(reaches(nat, ack(server(1), outer), inside(2), kStart + 124min));
  }
  SUBCASE("ended or reset, by either side") {
    CHECK(reaches(nat, syn_ack(server(1), outer), inside(2)));
    mapped(nat, ack(inside(2), server(1)));
    SUBCASE("FIN out") {
      mapped(nat, fin(inside(2), server(1)));
    }
    SUBCASE("FIN in") {
      CHECK(reaches(nat, fin(server(1), outer), inside(2)));
    }
    SUBCASE("RST out") {
      mapped(nat, rst(inside(2), server(1)));
    }
    SUBCASE("RST in") {
      CHECK(reaches(nat, rst(server(1), outer), inside(2)));
    }
    CHECK(reaches(nat, ack(server(1), outer), inside(2), kStart + 239s));
    CHECK_FALSE(reaches(nat, ack(server(1), outer), inside(2), kStart + 240s));
  }
  SUBCASE("the same endpoints once more") {
    mapped(nat, rst(inside(2), server(1)));
    CHECK(mapped(nat, syn(inside(2), server(1)), kStart + 10s) == outer);
    CHECK(reaches(nat, syn_ack(server(1), outer), inside(2), kStart + 10s));
    mapped(nat, ack(inside(2), server(1)), kStart + 10s);
    CHECK(reaches(nat, ack(server(1), outer), inside(2), kStart + 1h));
  }
}

TEST_CASE("TCP: a SYN from outside passes by filtering only, and may be refused") {
  for (const NatBehavior filtering : {kEndpointIndependent, kAddressDependent, kAddressAndPortDependent}) {
    for (const bool resets : {false, true}) {
      NatModel nat(1, {.filtering = filtering, .resets_unwanted_tcp = resets}, kOutside);
      const Kind unwanted = resets ? Kind::kRefused : Kind::kDrop;
      CHECK(nat.from_outside(syn(server(1), {kOutside, 4001}), kStart).kind == unwanted);
      CHECK(nat.from_outside(ack(server(1), {kOutside, 4001}), kStart).kind == Kind::kDrop);
      const Endpoint outer = mapped(nat, syn(inside(2), server(1)));
      const bool same = filtering != kAddressAndPortDependent;
      const bool any = filtering == kEndpointIndependent;
      CHECK(nat.from_outside(syn(server(1, 9), outer), kStart).kind == (same ? Kind::kIn : unwanted));
      CHECK(nat.from_outside(syn(server(2), outer), kStart).kind == (any ? Kind::kIn : unwanted));
    }
  }
}

TEST_CASE("TCP: a connection from outside is answered, and lasts") {
  NatModel nat(1, of_type("full-cone"), kOutside);
  const Endpoint outer = mapped(nat, syn(inside(2), server(1)));
  CHECK(reaches(nat, syn(server(2), outer), inside(2)));
  CHECK(mapped(nat, syn_ack(inside(2), server(2))) == outer);
  CHECK(reaches(nat, ack(server(2), outer), inside(2)));
  CHECK(reaches(nat, ack(server(2), outer), inside(2), kStart + 2h));
}

TEST_CASE("TCP: simultaneous open between two NATs") {
  const IpAddress other_outside = IpAddress::v4({203, 0, 113, 2});
  NatModel one(1, {}, kOutside);
  NatModel other(2, {}, other_outside);
  const Endpoint first = mapped(one, syn(inside(2), {other_outside, 4001}));
  CHECK_FALSE(reaches(other, syn(first, {other_outside, 4001}), inside(2)));  // too early
  const Endpoint second = mapped(other, syn(inside(2), first));
  CHECK(reaches(one, syn(second, first), inside(2)));
  CHECK(mapped(one, syn_ack(inside(2), second)) == first);
  CHECK(reaches(other, syn_ack(first, second), inside(2)));
  CHECK(mapped(other, ack(inside(2), first)) == second);
  CHECK(reaches(one, ack(second, first), inside(2)));
  CHECK(reaches(one, ack(second, first), inside(2), kStart + 2h));
  CHECK(reaches(other, ack(first, second), inside(2), kStart + 2h));
}

TEST_CASE("echoes come back to who sent them") {
  for (const NatPorts ports : {NatPorts::kPreserved, NatPorts::kRandom}) {
    NatModel nat(1, {.ports = ports}, kOutside);
    const Endpoint two = mapped(nat, echo(inside(2, 7), server(1, 7)));
    const Endpoint three = mapped(nat, echo(inside(3, 7), server(1, 7)));
    CHECK(two.port != three.port);
    CHECK(reaches(nat, echo(server(1, two.port), two), inside(2, 7)));
    CHECK(reaches(nat, echo(server(1, three.port), three), inside(3, 7)));
    CHECK_FALSE(reaches(nat, echo(server(2, two.port), two), inside(2, 7)));
    CHECK_FALSE(reaches(nat, echo(server(1, two.port), two), inside(2, 7), kStart + 60s));
  }
}

TEST_CASE("an ICMP error finds whose packet it is about") {
  NatModel nat(1, of_type("symmetric-random"), kOutside);
  const Endpoint outer = mapped(nat, udp(inside(2), server(1)));
  CHECK(nat.owner_of(NatProtocol::kUdp, outer, server(1)) == inside(2));
  CHECK_FALSE(nat.owner_of(NatProtocol::kUdp, outer, server(2)).has_value());
  CHECK_FALSE(nat.owner_of(NatProtocol::kTcp, outer, server(1)).has_value());
}

TEST_CASE("UDP can be blocked; TCP passes") {
  NatModel nat(1, of_type("udp-blocked"), kOutside);
  CHECK(nat.from_inside(udp(inside(2), server(1)), kStart).kind == Kind::kDrop);
  CHECK(nat.mappings() == 0);
  const Endpoint outer = mapped(nat, syn(inside(2), server(1)));
  CHECK(reaches(nat, syn_ack(server(1), outer), inside(2)));
}

TEST_CASE("a firewall keeps addresses, and lets in what was asked for") {
  const Endpoint own{value_or_throw(IpAddress::parse("2001:db8:1::2")), 4001};
  const Endpoint remote{value_or_throw(IpAddress::parse("2001:db8:9::1")), 3478};
  NatModel nat(1, of_type("firewall"), {});
  CHECK_FALSE(reaches(nat, udp(remote, own), own));
  CHECK(mapped(nat, udp(own, remote)) == own);
  CHECK(reaches(nat, udp(remote, own), own));
  CHECK_FALSE(reaches(nat, udp({remote.address, 9}, own), own));
  CHECK_FALSE(reaches(nat, syn(remote, own), own));
  CHECK_FALSE(reaches(nat, udp(remote, own), own, kStart + 120s));
}

TEST_CASE("a NAT of IPv4 does not pass IPv6") {
  NatModel nat(1, {}, kOutside);
  const IpAddress v6 = value_or_throw(IpAddress::parse("2001:db8::1"));
  CHECK(nat.from_inside(udp({v6, 1}, {v6, 2}), kStart).kind == Kind::kDrop);
}

TEST_CASE("a reboot and a new address forget everything; new options count for what is new") {
  NatModel nat(1, {}, kOutside);
  const Endpoint outer = mapped(nat, udp(inside(2), server(1)));
  SUBCASE("reboot") {
    nat.reboot();
    CHECK(nat.mappings() == 0);
    CHECK_FALSE(reaches(nat, udp(server(1), outer), inside(2)));
    CHECK(mapped(nat, udp(inside(2), server(1))) == outer);  // port 4001 is free again
  }
  SUBCASE("address") {
    const IpAddress next = IpAddress::v4({203, 0, 113, 77});
    nat.set_outside(next);
    CHECK(nat.outside() == next);
    CHECK_FALSE(reaches(nat, udp(server(1), outer), inside(2)));
    CHECK(mapped(nat, udp(inside(2), server(1))).address == next);
  }
  SUBCASE("options") {
    nat.set_options(of_type("symmetric-random"));
    CHECK(nat.options().mapping == kAddressAndPortDependent);
    CHECK(mapped(nat, udp(inside(2), server(1))) == outer);
    CHECK(mapped(nat, udp(inside(2), server(2))) != outer);
    NatOptions open = of_type("full-cone");
    nat.set_options(open);
    CHECK(reaches(nat, udp(server(9), outer), inside(2)));
    open.udp_timeout = 10s;
    nat.set_options(open);
    CHECK_FALSE(reaches(nat, udp(server(9), outer), inside(2), kStart + 10s));
  }
}

TEST_CASE("mappings and sessions are bounded, and come free again") {
  NatModel nat(1, {.mappings_max = 10}, kOutside);
  for (std::uint16_t port = 1; port <= 10; ++port) mapped(nat, udp(inside(2, port), server(1)));
  CHECK(nat.from_inside(udp(inside(2, 11), server(1)), kStart).kind == Kind::kDrop);
  CHECK(nat.mappings() == 10);
  int sessions = 10;
  for (std::uint16_t port = 1; port <= 1000; ++port) {
    if (nat.from_inside(udp(inside(2, 1), server(2, port)), kStart).kind == Kind::kOut) ++sessions;
  }
  CHECK(sessions == 160);
  CHECK(mapped(nat, udp(inside(2, 11), server(1)), kStart + 120s).address == kOutside);
  CHECK(nat.mappings() == 1);
}

TEST_CASE("the same seed, the same ports") {
  const auto ports = [](std::uint64_t seed) {
    NatModel nat(seed, of_type("symmetric-random"), kOutside);
    std::vector<std::uint16_t> drawn;
    for (std::uint16_t port = 1; port <= 50; ++port) {
      drawn.push_back(mapped(nat, udp(inside(2), server(1, port))).port);
    }
    return drawn;
  };
  CHECK(ports(7) == ports(7));
  CHECK(ports(7) != ports(8));
}

TEST_CASE("the types of the laboratory have names") {
  for (const char* name : {"full-cone", "address-restricted", "port-restricted", "symmetric-sequential",
                           "symmetric-random", "udp-blocked", "firewall"}) {
    CHECK_MESSAGE(NatOptions::of_type(name).has_value(), name);
  }
  CHECK_FALSE(NatOptions::of_type("public").has_value());
  CHECK_FALSE(NatOptions::of_type("").has_value());
}

}  // namespace
}  // namespace warren::sim
