// Whom a server dials where: tables of addresses. And how often.
#include "warren/protocols/autonat/dial_policy.hpp"

#include <doctest/doctest.h>

#include "warren/core/test_values.hpp"
#include "warren/protocols/autonat/contacts.hpp"
#include "warren/protocols/autonat/dial_budget.hpp"
#include "warren/protocols/autonat/test_values.hpp"

using namespace warren;
using namespace warren::autonat;
using namespace warren::testing;

namespace {

const std::string kAsker = "12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN";
const std::string kVictim = "12D3KooWRBhwfeP2Y4TCx1SM6s9rUoHhR5STiGwxBhgFRcw3UERE";

DialPolicy policy() {
  return {.asker = value_or_throw(PeerId::parse(kAsker)),
          .observed = address("/ip4/203.0.113.5/udp/49152/quic-v1"),
          .own = {value_or_throw(IpAddress::parse("198.51.100.1"))}};
}

std::vector<Bytes> wire(const std::vector<std::string>& addresses) {
  std::vector<Bytes> bytes;
  for (const std::string& text : addresses) bytes.push_back(address(text).bytes());
  return bytes;
}

}  // namespace

TEST_CASE("addresses that are dialed, and without what") {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"/ip4/203.0.113.5/tcp/4001", "/ip4/203.0.113.5/tcp/4001"},
      {"/ip4/203.0.113.5/udp/4001/quic-v1", "/ip4/203.0.113.5/udp/4001/quic-v1"},
      {"/ip6/2001:db8::5/tcp/4001", "/ip6/2001:db8::5/tcp/4001"},
      {"/ip4/203.0.113.5/tcp/4001/p2p/" + kAsker, "/ip4/203.0.113.5/tcp/4001"},
      {"/ip4/9.9.9.9/tcp/4001", "/ip4/9.9.9.9/tcp/4001"},
  };
  for (const auto& [named, dialed] : table) {
    CAPTURE(named);
    CHECK(policy().dialable(address(named).bytes()) == address(dialed));
  }
}

TEST_CASE("addresses that are never dialed") {
  for (const std::string& text : {
           std::string("/ip4/127.0.0.1/tcp/4001"),
           std::string("/ip6/::1/tcp/4001"),
           std::string("/ip4/10.0.0.1/tcp/4001"),
           std::string("/ip4/192.168.1.1/udp/4001/quic-v1"),
           std::string("/ip4/172.16.0.1/tcp/80"),
           std::string("/ip4/100.64.0.1/tcp/4001"),
           std::string("/ip4/169.254.169.254/tcp/80"),  // clouds' metadata
           std::string("/ip4/0.0.0.0/tcp/4001"),
           std::string("/ip4/224.0.0.1/udp/4001/quic-v1"),
           std::string("/ip4/255.255.255.255/udp/4001/quic-v1"),
           std::string("/ip6/fe80::1/tcp/4001"),
           std::string("/ip6/fd00::1/tcp/4001"),
           std::string("/ip6/::ffff:10.0.0.1/tcp/4001"),
           std::string("/ip6/::ffff:203.0.113.5/tcp/4001"),
           std::string("/ip6/::/tcp/4001"),
           std::string("/ip4/203.0.113.5/tcp/0"),
           std::string("/ip4/198.51.100.1/tcp/4001"),  // our own
           std::string("/dns4/localhost/tcp/4001"),
           std::string("/dns/example.org/tcp/4001"),
           std::string("/dnsaddr/example.org"),
           std::string("/unix/tmp%2Fx"),
           std::string("/memory/1"),
           std::string("/ip4/203.0.113.5"),
           std::string("/ip4/203.0.113.5/udp/4001"),
           std::string("/ip4/203.0.113.5/udp/4001/quic"),
           std::string("/ip4/203.0.113.5/tcp/4001/ws"),
           std::string("/ip4/203.0.113.5/tcp/4001/http"),
           "/ip4/203.0.113.5/tcp/4001/p2p/" + kVictim,
           "/ip4/203.0.113.5/tcp/4001/p2p/" + kVictim + "/p2p-circuit",
           "/ip4/203.0.113.5/tcp/4001/p2p/" + kVictim + "/p2p-circuit/p2p/" + kAsker,
       }) {
    CAPTURE(text);
    CHECK_FALSE(policy().dialable(address(text).bytes()));
  }
  CHECK_FALSE(policy().dialable(Bytes{}));
  CHECK_FALSE(policy().dialable(Bytes{0xff, 0xff}));
}

TEST_CASE("private networks, families, WebSocket") {
  DialPolicy lan = policy();
  lan.private_networks = true;
  CHECK(lan.dialable(address("/ip4/10.0.0.1/tcp/4001").bytes()));
  CHECK(lan.dialable(address("/ip4/127.0.0.1/tcp/4001").bytes()));
  CHECK_FALSE(lan.dialable(address("/ip4/224.0.0.1/tcp/4001").bytes()));
  DialPolicy old = policy();
  old.ip6 = false;
  CHECK_FALSE(old.dialable(address("/ip6/2001:db8::5/tcp/4001").bytes()));
  old.websocket = true;
  CHECK(old.dialable(address("/ip4/203.0.113.5/tcp/4001/ws").bytes()));
}

TEST_CASE("v2: the first that may be dialed, with its place, and whether it costs something") {
  const auto own =
      policy().choose(wire({"/ip4/10.0.0.1/tcp/1", "/ip4/203.0.113.5/tcp/4001", "/ip4/9.9.9.9/tcp/1"}));
  REQUIRE(own);
  CHECK(own->index == 1);
  CHECK_FALSE(own->foreign);
  const auto foreign = policy().choose({Bytes{0xff}, address("/ip4/9.9.9.9/tcp/1").bytes()});
  REQUIRE(foreign);
  CHECK(foreign->index == 1);
  CHECK(foreign->foreign);
  CHECK(foreign->ip == ip("9.9.9.9"));
  CHECK_FALSE(policy().choose({}));
  // Nobody knows where someone is who comes over a relay.
  DialPolicy relayed = policy();
  relayed.observed = address("/ip4/203.0.113.5/tcp/4001/p2p/" + kVictim + "/p2p-circuit");
  CHECK_FALSE(relayed.choose(wire({"/ip4/203.0.113.5/tcp/4001"})));
  CHECK(relayed.at_observed_ip(wire({"/ip4/203.0.113.5/tcp/4001"})).empty());
}

TEST_CASE("v1: the ports that are named, at the asker's own IP only") {
  const auto chosen = policy().at_observed_ip(
      wire({"/ip4/192.168.1.7/tcp/4001", "/ip4/9.9.9.9/tcp/4001", "/ip4/9.9.9.9/udp/7/quic-v1",
            "/ip6/2001:db8::5/tcp/5001", "/dns4/victim.example/tcp/1",
            "/ip4/9.9.9.9/tcp/1/p2p/" + kVictim + "/p2p-circuit"}));
  CHECK(chosen == std::vector{address("/ip4/203.0.113.5/tcp/4001"), address("/ip4/203.0.113.5/udp/7/quic-v1"),
                              address("/ip4/203.0.113.5/tcp/5001")});
  std::vector<std::string> many;
  for (int port = 1; port < 16; ++port) many.push_back("/ip4/203.0.113.5/tcp/" + std::to_string(port));
  CHECK(policy().at_observed_ip(wire(many)).size() == 4);
  DialPolicy lan = policy();
  lan.observed = address("/ip4/192.168.1.7/tcp/4001");
  CHECK(lan.at_observed_ip(wire({"/ip4/192.168.1.7/tcp/4001"})).empty());
}

TEST_CASE("dials are counted in sliding minutes: all, of a peer, from an IP") {
  Limit dials("autonat_dials_max", "", 10), per_peer("autonat_dials_per_peer_max", "", 3);
  DialBudget budget(dials, per_peer);
  Instant now{};
  const auto once = [&](std::uint8_t who, std::string_view from) {
    if (!budget.begin(peer_number(who), ip(from), now)) return false;
    budget.end(peer_number(who));
    return true;
  };
  for (int i = 0; i < 3; ++i) CHECK(once(1, "1.1.1.1"));
  CHECK_FALSE(once(1, "1.1.1.1"));
  CHECK(per_peer.use().refused == 1);
  // Another name at the same IP gets what is left there, and a third one nothing.
  for (int i = 0; i < 3; ++i) CHECK(once(2, "1.1.1.1"));
  CHECK_FALSE(once(3, "1.1.1.1"));
  for (std::uint8_t who = 4; who < 8; ++who) CHECK(once(who, "2.2.2." + std::to_string(who)));
  CHECK(dials.used() == 10);
  CHECK_FALSE(once(9, "3.3.3.3"));
  CHECK(dials.use().refused == 1);
  now += 59s;
  CHECK_FALSE(once(9, "3.3.3.3"));
  now += 1s;
  CHECK(once(9, "3.3.3.3"));
  CHECK(once(1, "1.1.1.1"));
  CHECK(dials.used() == 2);
}

TEST_CASE("dials at a time, and dials of those who did not ask") {
  Limit dials("autonat_dials_max", "", 1000), per_peer("autonat_dials_per_peer_max", "", 1000);
  DialBudget budget(dials, per_peer);
  Instant now{};
  CHECK(budget.begin(peer_number(1), ip("1.1.1.1"), now));
  CHECK(budget.begin(peer_number(1), ip("1.1.1.1"), now));
  CHECK_FALSE(budget.begin(peer_number(1), ip("1.1.1.1"), now));
  for (std::uint8_t who = 2; who <= kParallelMax - 1; ++who)
    CHECK(budget.begin(peer_number(who), ip("1.1.1.1"), now));
  CHECK_FALSE(budget.begin(peer_number(100), ip("1.1.1.1"), now));
  budget.end(peer_number(1));
  CHECK(budget.begin(peer_number(100), ip("1.1.1.1"), now));

  for (std::size_t i = 0; i < kForeignDialsPerIpMax; ++i) CHECK(budget.take_foreign(ip("9.9.9.9"), now));
  CHECK_FALSE(budget.take_foreign(ip("9.9.9.9"), now));
  for (std::size_t i = kForeignDialsPerIpMax; i < kForeignDialsMax; ++i)
    CHECK(budget.take_foreign(ip("8.8.8." + std::to_string(i)), now));
  CHECK_FALSE(budget.take_foreign(ip("7.7.7.7"), now));
  now += 60s;
  CHECK(budget.take_foreign(ip("9.9.9.9"), now));
}

TEST_CASE("contacts: how long they last, and from when") {
  Contacts contacts;
  const Instant start{};
  const IpAddress them = ip("9.9.9.9");
  CHECK_FALSE(contacts.contacted(them, Protocol::kUdp, start, start));
  contacts.note(them, Protocol::kUdp, start + 10s);
  CHECK(contacts.contacted(them, Protocol::kUdp, start + 10s, start + 10s));
  CHECK_FALSE(contacts.contacted(them, Protocol::kTcp, start + 10s, start + 10s));
  // Who came after the question was asked was a stranger when it was.
  CHECK_FALSE(contacts.contacted(them, Protocol::kUdp, start + 9s, start + 12s));
  CHECK(contacts.contacted(them, Protocol::kUdp, start + 6min, start + 6min));
  CHECK_FALSE(contacts.contacted(them, Protocol::kUdp, start + 7min, start + 7min));
  contacts.opened(them, Protocol::kTcp, start + 8min);
  CHECK(contacts.contacted(them, Protocol::kTcp, start + 8h, start + 8h));
  contacts.closed(them, Protocol::kTcp, start + 8h);
  CHECK(contacts.contacted(them, Protocol::kTcp, start + 8h, start + 8h + 5min));
  CHECK_FALSE(contacts.contacted(them, Protocol::kTcp, start + 8h, start + 8h + 6min));
  for (std::size_t i = 0; i < kContactsMax + 100; ++i) {
    const auto byte = [i](unsigned shift) { return static_cast<std::uint8_t>(i >> shift); };
    contacts.note(IpAddress::v4({9, byte(16), byte(8), byte(0)}), Protocol::kUdp, start + 9h);
  }
  CHECK(contacts.size() == kContactsMax);
}
