// Which addresses are told and tried: a peer's claims lead nowhere outside the rules.
#include "warren/protocols/dcutr/candidates.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "warren/core/ip_address.hpp"
#include "warren/core/test_values.hpp"
#include "warren/protocols/dcutr/message.hpp"

using namespace warren;
using namespace warren::dcutr;
using namespace warren::testing;

namespace {

std::vector<Multiaddr> mas(const std::vector<std::string>& texts) {
  std::vector<Multiaddr> all;
  for (const std::string& text : texts) all.push_back(address(text));
  return all;
}
std::string quic(const std::string& ip, int port) {
  return "/ip4/" + ip + "/udp/" + std::to_string(port) + "/quic-v1";
}

const std::string kOurs = quic("192.0.2.1", 4001);
const std::string kTheirs = quic("198.51.100.7", 5000);

// At home, behind 192.0.2.1, with 10.1.2.3 inside.
Situation at_home() {
  Situation situation;
  situation.peer = keyless_peer(7);
  situation.ours.mapping = NatMapping::kEndpointIndependent;
  situation.ours.addresses = mas({kOurs, "/ip4/192.0.2.1/tcp/4001"});
  situation.ours.local = mas({quic("10.1.2.3", 4001), "/ip4/10.1.2.3/tcp/4001"});
  situation.ours.outside = {ip("192.0.2.1")};
  return situation;
}

bool tries(const Situation& situation, const std::string& text) {
  return !to_try(situation, mas({text})).empty();
}

std::vector<Multiaddr> ports(const std::string& at, int first, int count) {
  std::vector<Multiaddr> all;
  for (int i = 0; i < count; ++i) all.push_back(address(quic(at, first + i)));
  return all;
}

}  // namespace

TEST_CASE("public addresses with plain TCP or QUIC are tried, in the peer's order") {
  const auto heard = mas({kTheirs, "/ip4/198.51.100.7/tcp/5000", "/ip6/2001:db8:7::1/udp/5000/quic-v1",
                          "/ip6/2001:db8:7::1/tcp/5000"});
  CHECK(to_try(at_home(), heard) == heard);
}

TEST_CASE("the peer's own name at the end is left out, another one's address is not tried") {
  const Situation home = at_home();
  const std::string named = kTheirs + "/p2p/" + home.peer.to_string();
  CHECK(to_try(home, mas({named, kTheirs})) == mas({kTheirs}));
  CHECK_FALSE(tries(home, kTheirs + "/p2p/" + keyless_peer(8).to_string()));
}

TEST_CASE("what is no socket of the peer's on the way is not tried") {
  const Situation home = at_home();
  const std::string relay = "/p2p/" + keyless_peer(9).to_string();
  for (const std::string& text : {
           std::string("/ip4/127.0.0.1/tcp/5000"),
           std::string("/ip4/127.9.9.9/udp/5000/quic-v1"),
           std::string("/ip6/::1/tcp/5000"),
           std::string("/ip4/0.0.0.0/tcp/5000"),
           std::string("/ip6/::/tcp/5000"),
           std::string("/ip4/169.254.1.1/tcp/5000"),
           std::string("/ip6/fe80::1/tcp/5000"),
           std::string("/ip6zone/eth0/ip6/fe80::1/tcp/5000"),
           std::string("/ip4/224.0.0.251/udp/5353/quic-v1"),
           std::string("/ip4/255.255.255.255/udp/5000/quic-v1"),
           std::string("/ip4/240.0.0.1/udp/5000/quic-v1"),
           std::string("/ip6/ff02::fb/udp/5353/quic-v1"),
           std::string("/ip6/::ffff:10.1.2.9/tcp/5000"),
           std::string("/ip6/::ffff:198.51.100.7/tcp/5000"),
           std::string("/ip6/64:ff9b::a01:209/tcp/5000"),
           std::string("/ip6/64:ff9b:1::1/tcp/5000"),
           std::string("/ip6/2002:a01:209::1/tcp/5000"),
           std::string("/ip6/2001:0:a01:209::1/tcp/5000"),
           std::string("/ip6/fec0::1/tcp/5000"),
           std::string("/dns4/example.org/tcp/5000"),
           std::string("/dns/example.org/udp/5000/quic-v1"),
           std::string("/dnsaddr/example.org"),
           std::string("/unix/tmp%2Fsocket"),
           std::string("/memory/1"),
           kTheirs + relay + "/p2p-circuit",
           kTheirs + relay + "/p2p-circuit/p2p/" + home.peer.to_string(),
           kTheirs + relay + "/p2p-circuit" + relay + "/p2p-circuit",
           relay + "/p2p-circuit",
           std::string("/ip4/198.51.100.7"),
           std::string("/ip4/198.51.100.7/tcp/5000/ip4/10.1.2.9/tcp/5000"),
           std::string("/ip4/198.51.100.7/udp/5000"),
           std::string("/ip4/198.51.100.7/udp/5000/quic"),
           std::string("/ip4/198.51.100.7/udp/5000/quic-v1/webtransport"),
           std::string("/ip4/198.51.100.7/udp/5000/webrtc-direct"),
           std::string("/ip4/198.51.100.7/tcp/5000/ws"),
           std::string("/ip4/198.51.100.7/tcp/5000/tls/ws"),
           std::string("/ip4/198.51.100.7/tcp/5000/http"),
           std::string("/ip4/198.51.100.7/udp/0/quic-v1"),
           std::string("/ip4/198.51.100.7/tcp/0"),
       }) {
    INFO(text);
    CHECK_FALSE(tries(home, text));
    Situation open = home;  // nor in a private network
    open.private_networks = true;
    CHECK_FALSE(tries(open, text));
  }
  CHECK(tries(home, kTheirs));
}

TEST_CASE("private addresses are tried on our own subnet, and by who shares our outside") {
  Situation home = at_home();
  const std::string neighbour = quic("10.1.2.9", 5000);
  CHECK_FALSE(tries(home, neighbour));
  CHECK(to_try(home, mas({neighbour, quic("192.0.2.1", 5000)})).size() == 2);  // the peer says so
  home.known = mas({quic("192.0.2.1", 6000)});
  CHECK(tries(home, neighbour));
  home.known.clear();
  home.seen_at = {ip("192.0.2.1")};
  CHECK(tries(home, neighbour));
  for (const std::string other : {"10.1.3.9", "192.168.1.9", "172.16.0.1", "100.64.0.9"}) {
    INFO(other);
    CHECK_FALSE(tries(home, quic(other, 5000)));
  }
  home.private_networks = true;
  home.seen_at.clear();
  CHECK(tries(home, quic("192.168.1.9", 5000)));
}

TEST_CASE("an IP that only a circuit or a private address names is no common outside") {
  Situation home = at_home();
  home.known = mas({kOurs + "/p2p/" + keyless_peer(9).to_string() + "/p2p-circuit"});
  CHECK_FALSE(shares_outside(home, {}));
  home.ours.outside = {ip("10.1.2.3")};
  home.known = mas({quic("10.1.2.3", 5000)});
  CHECK_FALSE(shares_outside(home, {}));
}

TEST_CASE("our own sockets are not tried, others at our addresses are") {
  Situation home = at_home();
  CHECK(to_try(home, mas({kOurs, quic("10.1.2.3", 4001), quic("192.0.2.1", 4002), quic("10.1.2.3", 4002)})) ==
        mas({quic("192.0.2.1", 4002), quic("10.1.2.3", 4002)}));
}

TEST_CASE("a port below 1024 is tried where a plain dial would go") {
  Situation home = at_home();
  CHECK_FALSE(tries(home, quic("198.51.100.7", 443)));
  CHECK_FALSE(tries(home, "/ip4/198.51.100.7/tcp/22"));
  home.known = mas({"/ip4/198.51.100.7/tcp/443"});
  CHECK_FALSE(tries(home, quic("198.51.100.7", 443)));  // of the other transport
  CHECK(tries(home, "/ip4/198.51.100.7/tcp/443"));
  CHECK_FALSE(tries(home, "/ip4/198.51.100.7/tcp/444"));
  home.known.clear();
  home.seen_at = {ip("198.51.100.7")};
  CHECK_FALSE(tries(home, quic("198.51.100.7", 443)));
}

TEST_CASE("hostile lists are cut") {
  const Situation home = at_home();
  const std::vector<Multiaddr> again(100, address(kTheirs));
  CHECK(to_try(home, again).size() == 1);
  CHECK(to_try(home, ports("198.51.100.7", 2000, 10'000)).size() == kTriedMax);
  CHECK(to_try(home, ports("198.51.100.7", 1, 1023)).empty());

  std::vector<Multiaddr> many_ips;
  for (int i = 1; i < 250; ++i) many_ips.push_back(address(quic("198.51.100." + std::to_string(i), 5000)));
  CHECK(to_try(home, many_ips).size() == kTriedPublicIpsMax);

  std::vector<Multiaddr> scan = mas({quic("192.0.2.1", 5000)});  // "we share our outside"
  for (int i = 1; i < 250; ++i) {
    for (const Multiaddr& address : ports("10.1.2." + std::to_string(i), 8000, 40)) scan.push_back(address);
  }
  CHECK(to_try(home, scan).size() == 1 + kTriedLocalIpsMax * kTriedAtLocalIpMax);
  Situation lab = home;
  lab.private_networks = true;
  CHECK(to_try(lab, scan).size() == kTriedMax);
}

TEST_CASE("what is told: predicted ports first, local addresses to neighbours only") {
  Situation home = at_home();
  CHECK(to_tell(home, {}, {}, true).addresses == home.ours.addresses);
  CHECK_FALSE(to_tell(home, {}, {}, true).predicted);

  const auto guesses = ports("192.0.2.1", 30'000, 60);
  const Told to_ours = to_tell(home, {}, guesses, true);
  CHECK(to_ours.predicted);
  REQUIRE(to_ours.addresses.size() == kPredictedMax + 2);
  CHECK(std::equal(guesses.begin(), guesses.begin() + kPredictedMax, to_ours.addresses.begin()));
  const Told to_stock = to_tell(home, {}, guesses, false);
  REQUIRE(to_stock.addresses.size() == kPredictedToStockMax + 2);
  CHECK(to_stock.addresses[3] == guesses[3]);
  CHECK(to_stock.addresses[4] == home.ours.addresses[0]);

  home.known = mas({quic("192.0.2.1", 6000)});
  const Told to_neighbour = to_tell(home, {}, {}, true);
  REQUIRE(to_neighbour.addresses.size() == 4);
  CHECK(to_neighbour.addresses[0] == home.ours.local[0]);
  home.known.clear();
  CHECK(to_tell(home, mas({quic("192.0.2.1", 6000)}), {}, true).addresses.size() == 4);
}

TEST_CASE("what nobody could use is not told") {
  Situation home = at_home();
  home.ours.addresses = mas({"/ip4/127.0.0.1/tcp/4001", "/ip4/10.1.2.3/tcp/4001", "/ip6/fe80::1/tcp/4001",
                             "/ip4/192.0.2.1/tcp/4001/ws", kOurs, kOurs,
                             kOurs + "/p2p/" + keyless_peer(9).to_string() + "/p2p-circuit"});
  CHECK(to_tell(home, {}, {}, true).addresses == mas({kOurs}));
  CHECK(to_tell(home, {}, mas({"/ip4/10.1.2.3/tcp/4001"}), true).predicted == false);
  home.private_networks = true;
  CHECK(to_tell(home, {}, {}, true).addresses == mas({"/ip4/10.1.2.3/tcp/4001", kOurs}));

  home.ours.addresses = ports("192.0.2.1", 2000, 2'000);
  CHECK(to_tell(home, {}, {}, true).addresses.size() == kTriedMax);
  CHECK(to_tell(home, {}, {}, false).addresses.size() == kToldToStockMax);
  const auto v6 = [](int i) { return address("/ip6/2001:db8::" + std::to_string(i) + "/udp/4001/quic-v1"); };
  home.ours.addresses.clear();
  for (int i = 1; i < 1'000; ++i) home.ours.addresses.push_back(v6(i));
  const Told told = to_tell(home, {}, {}, true);
  CHECK(encode({Message::Type::kConnect, told.addresses}).size() <= kMessageSizeMax);
}

TEST_CASE("a hard NAT without an address is told by its IP") {
  Situation home = at_home();
  home.ours.addresses.clear();
  CHECK(to_tell(home, {}, {}, true).addresses.empty());
  home.ours.mapping = NatMapping::kDependent;
  home.ours.outside = {ip("192.0.2.1"), ip("2001:db8::1")};
  CHECK(to_tell(home, {}, {}, true).addresses == mas({kOurs, "/ip4/192.0.2.1/tcp/4001"}));
}

TEST_CASE("who knows nothing of itself tells nothing") {
  Situation nowhere;
  nowhere.peer = keyless_peer(7);
  CHECK(to_tell(nowhere, mas({kTheirs}), {}, true).addresses.empty());
  CHECK(to_try(nowhere, mas({kTheirs})) == mas({kTheirs}));
}
