#include "test/net/gateway.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "test/net/nat_settings.hpp"
#include "test/net/test_packets.hpp"

namespace warren::net {

namespace {

using Way = Gateway::Way;

const Endpoint kHost = at("192.168.1.2", 4001);
const Endpoint kNeighbor = at("192.168.1.3", 4001);
const Endpoint kServer = at("31.9.0.1", 443);
const Endpoint kStranger = at("31.8.0.1", 443);
constexpr Instant kNow{};

Gateway behind(std::string_view settings) {
  Gateway gateway(1);
  REQUIRE_FALSE(gateway.command("v4 " + std::string(settings) + " outside 31.2.0.1"));
  return gateway;
}

// The source that a packet has outside; nothing when it does not get there.
std::optional<Endpoint> sent(Gateway& gateway, Bytes packet, Instant now = kNow) {
  if (gateway.from_inside(packet, now) != Way::kOn) return std::nullopt;
  CHECK(checksums_are_right(packet));
  return parse(packet, Towards::kOutside)->flow.from;
}

std::optional<Endpoint> came(Gateway& gateway, Bytes packet, Instant now = kNow) {
  if (gateway.from_outside(packet, now) != Way::kOn) return std::nullopt;
  CHECK(checksums_are_right(packet));
  return parse(packet, Towards::kInside)->flow.to;
}

}  // namespace

TEST_CASE("without a command, packets pass as they are") {
  Gateway gateway(1);
  Bytes garbage = {1, 2, 3};
  CHECK(gateway.from_inside(garbage, kNow) == Way::kOn);
  CHECK(gateway.from_outside(garbage, kNow) == Way::kOn);
  CHECK(garbage == Bytes{1, 2, 3});
}

TEST_CASE("what goes out comes back to where it came from, and nothing else comes in") {
  Gateway gateway = behind("type port-restricted");
  const auto mapped = sent(gateway, udp(kHost, kServer));
  REQUIRE(mapped);
  CHECK(mapped->address == at("31.2.0.1", 0).address);
  CHECK(came(gateway, udp(kServer, *mapped)) == kHost);
  CHECK_FALSE(came(gateway, udp(kStranger, *mapped)));
  CHECK(gateway.counters().filtered == 1);
  // Two hosts with the same port have two outside.
  const auto other = sent(gateway, udp(kNeighbor, kServer));
  REQUIRE(other);
  CHECK(other->port != mapped->port);
  CHECK(came(gateway, udp(kServer, *other)) == kNeighbor);
}

TEST_CASE("a ping goes out and its answer comes in") {
  Gateway gateway = behind("type port-restricted");
  const auto mapped = sent(gateway, icmp(kHost.address, kServer.address, 8, 0, 77));
  REQUIRE(mapped);
  const auto back = came(gateway, icmp(kServer.address, mapped->address, 0, 0, mapped->port));
  CHECK(back == Endpoint{kHost.address, 77});
  CHECK_FALSE(came(gateway, icmp(kStranger.address, mapped->address, 8, 0, 78)));
}

TEST_CASE("an error about what went out finds its sender, others are dropped") {
  Gateway gateway = behind("type port-restricted");
  const auto mapped = sent(gateway, udp(kHost, kServer));
  const IpAddress router = at("31.5.0.1", 0).address;
  Bytes error = icmp(router, mapped->address, 3, 4, 0, udp(*mapped, kServer));
  REQUIRE(gateway.from_outside(error, kNow) == Way::kOn);
  const auto read = parse_error(error, Towards::kInside);
  REQUIRE(read);
  CHECK(read->to == kHost.address);
  CHECK(read->about.flow.from == kHost);
  Bytes forged = icmp(router, mapped->address, 3, 4, 0, udp(*mapped, kStranger));
  CHECK(gateway.from_outside(forged, kNow) == Way::kDrop);
}

TEST_CASE("a host's error is from the outside address") {
  Gateway gateway = behind("type full-cone");
  const auto mapped = sent(gateway, udp(kHost, kServer));
  Bytes error = icmp(kHost.address, kServer.address, 3, 3, 0, udp(kServer, kHost));
  REQUIRE(gateway.from_inside(error, kNow) == Way::kOn);
  const auto read = parse_error(error, Towards::kOutside);
  REQUIRE(read);
  CHECK(read->from == mapped->address);
  CHECK(read->about.flow.to == *mapped);
}

TEST_CASE("hosts behind it reach each other at the outside address when it hairpins") {
  for (const bool hairpin : {true, false}) {
    Gateway gateway = behind(hairpin ? "type full-cone hairpin on" : "type full-cone");
    const auto mapped = sent(gateway, udp(kHost, kServer));
    Bytes packet = udp(kNeighbor, *mapped);
    REQUIRE(gateway.from_inside(packet, kNow) == (hairpin ? Way::kBack : Way::kDrop));
    if (!hairpin) continue;
    CHECK(checksums_are_right(packet));
    const auto headers = parse(packet, Towards::kInside);
    CHECK(headers->flow.to == kHost);
    CHECK(headers->flow.from.address == mapped->address);
  }
}

TEST_CASE("a packet that has no hop left makes no mapping and does not get in") {
  Gateway gateway = behind("type port-restricted");
  const auto with_hops = [](Bytes packet, std::uint8_t hops) {
    packet[8] = hops;
    put(packet, 10, 0);
    put(packet, 10, 0xffff & ~sum_of(BytesView(packet).first(20)));
    return packet;
  };
  CHECK_FALSE(sent(gateway, with_hops(udp(kHost, kServer), 1)));
  CHECK(nlohmann::json::parse(gateway.stats())["v4"]["mappings"] == 0);
  // One that dies behind this router has opened it all the same.
  const auto mapped = sent(gateway, with_hops(udp(kHost, kServer), 2));
  REQUIRE(mapped);
  CHECK_FALSE(came(gateway, with_hops(udp(kServer, *mapped), 1)));
  CHECK(came(gateway, with_hops(udp(kServer, *mapped), 2)) == kHost);
  CHECK(gateway.counters().expired == 2);
}

TEST_CASE("flows that hosts begin are counted, answers and later packets are not") {
  Gateway gateway = behind("type full-cone");
  const auto count = [&](const char* name) {
    return nlohmann::json::parse(gateway.stats())[name].get<int>();
  };
  const auto mapped = sent(gateway, udp(kHost, kServer));
  REQUIRE(mapped);
  REQUIRE(sent(gateway, udp(kHost, kServer), kNow + 100s));
  REQUIRE(came(gateway, udp(kStranger, *mapped), kNow + 100s));
  REQUIRE(sent(gateway, udp(kHost, kStranger), kNow + 101s));
  CHECK(count("flows") == 1);
  for (std::uint16_t port = 1; port <= 20; ++port) {
    const auto when = kNow + 102s + port * 100ms;
    REQUIRE(sent(gateway, udp(kHost, {kServer.address, port}), when));
  }
  CHECK(count("flows") == 21);
  CHECK(count("flows_per_second_max") == 10);
  REQUIRE_FALSE(gateway.command("recount"));
  CHECK(count("flows") == 0);
  CHECK(count("out") == 0);
  REQUIRE(sent(gateway, udp(kHost, kServer), kNow + 105s));
  CHECK(count("flows") == 0);
  REQUIRE(sent(gateway, udp(kHost, kServer), kNow + 226s));
  CHECK(count("flows") == 1);
}

TEST_CASE("an unwanted SYN is answered by a reset where that is set") {
  Gateway gateway = behind("type port-restricted resets_unwanted_tcp on");
  Bytes packet = tcp(kStranger, at("31.2.0.1", 4001), kSynFlag);
  REQUIRE(gateway.from_outside(packet, kNow) == Way::kBack);
  CHECK(parse(packet, Towards::kOutside)->flow.rst);
  CHECK(parse(packet, Towards::kOutside)->flow.to == kStranger);
}

TEST_CASE("IPv6 is filtered and keeps its addresses while IPv4 is translated") {
  Gateway gateway = behind("type symmetric-random");
  REQUIRE_FALSE(gateway.command("v6 type firewall"));
  const Endpoint host = at("2a10:2:1::2", 4001);
  const Endpoint server = at("2a10:9::1", 443);
  CHECK(sent(gateway, udp(host, server)) == host);
  CHECK(came(gateway, udp(server, host)) == host);
  CHECK_FALSE(came(gateway, udp(at("2a10:8::1", 443), host)));
  CHECK(sent(gateway, udp(kHost, kServer)) != kHost);
  Bytes error = icmp(at("2a10:5::1", 0).address, host.address, 2, 0, 0, udp(host, server));
  Bytes before = error;
  --before[7];  // a hop
  CHECK(gateway.from_outside(error, kNow) == Way::kOn);
  CHECK(error == before);
}

TEST_CASE("mappings time out, and a reboot forgets them") {
  Gateway gateway = behind("type full-cone udp_timeout 30s");
  const auto mapped = sent(gateway, udp(kHost, kServer));
  CHECK(came(gateway, udp(kServer, *mapped), kNow + 29s));
  CHECK_FALSE(came(gateway, udp(kServer, *mapped), kNow + 31s));
  REQUIRE(sent(gateway, udp(kHost, kServer), kNow + 40s));
  REQUIRE_FALSE(gateway.command("reboot"));
  CHECK(nlohmann::json::parse(gateway.stats())["v4"]["mappings"] == 0);
  REQUIRE_FALSE(gateway.command("v4 outside 31.3.0.1"));
  CHECK(sent(gateway, udp(kHost, kServer), kNow + 41s)->address == at("31.3.0.1", 0).address);
  REQUIRE_FALSE(gateway.command("v4 off"));
  CHECK(sent(gateway, udp(kHost, kServer), kNow + 42s) == kHost);
}

TEST_CASE("a command that cannot be done says why and changes nothing") {
  Gateway gateway(1);
  CHECK(gateway.command("v4 type full-cone") == "it needs an outside address");
  CHECK(gateway.command("v5 type full-cone") == "no router v5");
  CHECK(gateway.command("v6 type full-cone outside 31.2.0.1") == "31.2.0.1 is of the other family");
  CHECK(gateway.command("v4 outside 31.2.0.1 type round") == "round is no type");
  CHECK(gateway.command("v4 outside 31.2.0.1 color red") == "no option color");
  CHECK(gateway.command("v4 outside") == "outside has no value");
  Bytes packet = udp(kHost, kServer);
  CHECK(gateway.from_inside(packet, kNow) == Way::kOn);
  CHECK(packet == udp(kHost, kServer));
}

TEST_CASE("settings are read by name") {
  NatSettings settings;
  REQUIRE_FALSE(change(settings,
                       "type symmetric-sequential filtering address-dependent ports random "
                       "mapping endpoint-independent tcp_timeout 9s mappings_max 5 udp_blocked on"));
  CHECK(settings.options.filtering == sim::NatBehavior::kAddressDependent);
  CHECK(settings.options.mapping == sim::NatBehavior::kEndpointIndependent);
  CHECK(settings.options.ports == sim::NatPorts::kRandom);
  CHECK(settings.options.tcp_timeout == 9s);
  CHECK(settings.options.mappings_max == 5);
  CHECK(settings.options.udp_blocked);
}

}  // namespace warren::net
