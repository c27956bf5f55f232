// What a domain's records say about bootstrap peers, and the records that say it.
#include "warren/node/bootstrap_dns.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "warren/async/as_result.hpp"
#include "warren/core/test_values.hpp"
#include "warren/sim/dns.hpp"
#include "warren/sim/world.hpp"

using namespace warren;
using testing::address;

namespace {

const std::string kAliceId = "12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5";
const std::string kBobId = "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N";
const std::string kUdp = "_warren._udp.example.com";
const std::string kTcp = "_warren._tcp.example.com";

using Texts = std::vector<std::string>;

std::vector<Multiaddr> addresses(const Texts& texts) {
  std::vector<Multiaddr> result;
  for (const std::string& text : texts) result.push_back(address(text));
  return result;
}

Texts texts(const std::vector<Multiaddr>& addresses) {
  Texts result;
  for (const Multiaddr& address : addresses) result.push_back(address.to_string());
  return result;
}

ServiceRecord service(std::uint16_t port, std::string target, std::uint16_t priority = 0,
                      std::uint16_t weight = 0, Duration ttl = 5min) {
  return {.priority = priority, .weight = weight, .port = port, .target = std::move(target), .ttl = ttl};
}

Texts joined(const std::vector<ServiceRecord>& udp, const std::vector<ServiceRecord>& tcp, const Texts& given,
             std::size_t warnings = 0) {
  const DomainAnswer answer = join_records("example.com", udp, tcp, addresses(given));
  CHECK(answer.warnings.size() == warnings);
  return texts(answer.addresses);
}

// A machine that has a DNS to ask.
struct Asking {
  Asking() { machine.env().resolver = &dns; }
  DomainAnswer read(const std::string& domain = "example.com") {
    return world.run(read_domain(&machine.env(), domain));
  }
  std::error_code error(const std::string& domain = "example.com") {
    const auto answer = world.run(as_result(read_domain(&machine.env(), domain)));
    return answer ? std::error_code() : answer.error();
  }
  Instant now() { return world.clock().now(); }

  sim::World world{7};
  sim::Machine& machine = world.add_machine("asker");
  sim::Dns dns{world.clock(), 20ms};
};

}  // namespace

TEST_CASE("an SRV record and the PeerID beside it make an address") {
  CHECK(joined({service(4001, "boot.example.com")}, {service(4002, "boot.example.com")},
               {"/dns/boot.example.com/p2p/" + kAliceId}) ==
        Texts{"/dns/boot.example.com/udp/4001/quic-v1/p2p/" + kAliceId,
              "/dns/boot.example.com/tcp/4002/p2p/" + kAliceId});
  CHECK(joined({}, {service(1, "Boot.Example.com")}, {"/dns4/boot.EXAMPLE.com/p2p/" + kAliceId}) ==
        Texts{"/dns/Boot.Example.com/tcp/1/p2p/" + kAliceId});
}

TEST_CASE("each host gets the PeerID that is its own") {
  const Texts claims = {"/dns/a.example/p2p/" + kAliceId, "/dns/b.example/p2p/" + kBobId};
  CHECK(joined({}, {service(1, "b.example"), service(2, "a.example")}, claims) ==
        Texts{"/dns/b.example/tcp/1/p2p/" + kBobId, "/dns/a.example/tcp/2/p2p/" + kAliceId});
  // Of a third host nobody knows, and a PeerID without a host is for these.
  CHECK(joined({}, {service(1, "c.example")}, claims, 1).empty());
  CHECK(joined({}, {service(1, "c.example")}, {claims[0], "/p2p/" + kBobId}) ==
        Texts{"/dns/c.example/tcp/1/p2p/" + kBobId});
}

TEST_CASE("of several peers at one host the port decides") {
  const Texts whole = {"/dns/a.example/tcp/1/p2p/" + kAliceId, "/dns/a.example/tcp/2/p2p/" + kBobId};
  CHECK(joined({}, {service(2, "a.example"), service(1, "a.example")}, whole) ==
        Texts{"/dns/a.example/tcp/2/p2p/" + kBobId, "/dns/a.example/tcp/1/p2p/" + kAliceId});
  // Another port than that of the SRV: the host is enough, and what was said as a whole stays.
  CHECK(joined({}, {service(3, "a.example")}, {whole[0]}) ==
        Texts{"/dns/a.example/tcp/3/p2p/" + kAliceId, whole[0]});
}

TEST_CASE("an SRV record without a PeerID is not dialed, and it is said what is missing") {
  const DomainAnswer answer = join_records("example.com", {service(4001, "boot.example.com")}, {}, {});
  CHECK(answer.addresses.empty());
  REQUIRE(answer.warnings.size() == 1);
  CHECK(answer.warnings[0] ==
        "nobody knows which peer runs at boot.example.com port 4001 (SRV of _warren._udp.example.com): add a "
        "TXT record \"dnsaddr=/dns/boot.example.com/p2p/<PeerID>\" to _warren._udp.example.com");
  // Of two PeerIDs without a host either could be it: both are tried, and the handshake tells.
  CHECK(joined({}, {service(1, "a.example")}, {"/p2p/" + kAliceId, "/p2p/" + kBobId}).size() == 2);
  // Of two peers elsewhere neither is.
  CHECK(joined({}, {service(1, "a.example")},
               {"/ip4/192.0.2.1/tcp/1/p2p/" + kAliceId, "/ip4/192.0.2.2/tcp/1/p2p/" + kBobId}, 1)
            .size() == 2);
  CHECK(joined({}, {service(0, "a.example")}, {"/p2p/" + kAliceId}, 1).empty());
}

TEST_CASE("whole addresses need no SRV record, and ones without a PeerID are nothing") {
  const Texts whole = {"/ip4/192.0.2.1/udp/4001/quic-v1/p2p/" + kAliceId,
                       "/dns4/b.example/tcp/443/tls/ws/p2p/" + kBobId};
  CHECK(joined({}, {}, {whole[0], whole[1], "/ip4/192.0.2.3/tcp/1", whole[0], "/p2p/" + kBobId}) == whole);
}

TEST_CASE("what a domain says is bounded") {
  std::vector<ServiceRecord> many;
  for (std::uint16_t port = 1; port <= 100; ++port) many.push_back(service(port, "a.example"));
  CHECK(joined(many, many, {"/p2p/" + kAliceId}).size() == kDomainAddressesMax);
}

TEST_CASE("services are tried by priority, and of equals by weight") {
  sim::SeededRandom random(1);
  std::map<std::uint16_t, int> first;
  for (int i = 0; i < 2000; ++i) {
    const auto order = in_service_order(
        {service(9, "z", 20, 100), service(1, "a", 10, 30), service(2, "b", 10, 10), service(3, "c", 10, 0)},
        random);
    REQUIRE(order.size() == 4);
    CHECK(order.back().port == 9);
    ++first[order.front().port];
  }
  CHECK(first[1] > 1300);
  CHECK(first[1] < 1650);
  CHECK(first[2] > 350);
  CHECK(first[3] > 10);  // 1 of 41
  CHECK(first[3] < 120);
  CHECK(in_service_order({}, random).empty());
}

TEST_CASE("domains are names that SRV records can be asked for") {
  for (const auto text : {"example.com", "example.com.", "a", "x-1.b_c.Example"}) CHECK(is_domain(text));
  for (const auto text : {"", ".", "a..b", ".a", "a b", "a/b", "exämple.com", "a.."})
    CHECK_FALSE(is_domain(text));
  CHECK_FALSE(is_domain(std::string(64, 'a')));
  std::string longest(230, 'a');
  for (std::size_t i = 50; i < longest.size(); i += 51) longest[i] = '.';
  CHECK(is_domain(longest));
  CHECK_FALSE(is_domain(longest + "a"));
}

TEST_CASE_FIXTURE(Asking, "a domain is read with all its records at once") {
  dns.set_srv(kUdp, {service(4001, "boot.example.com", 0, 0, 10min)});
  dns.set_srv(kTcp, {service(4001, "boot.example.com", 0, 0, 2min)});
  dns.set_text(kTcp, {"v=other", "dnsaddr=/dns/boot.example.com/p2p/" + kAliceId, "dnsaddr=nonsense"}, 1h);
  const DomainAnswer answer = read("example.com.");
  CHECK(texts(answer.addresses) == Texts{"/dns/boot.example.com/udp/4001/quic-v1/p2p/" + kAliceId,
                                         "/dns/boot.example.com/tcp/4001/p2p/" + kAliceId});
  CHECK(answer.ttl == 2min);
  CHECK(now() == Instant{20ms});

  dns.set_srv(kTcp, {service(5, "new.example.com", 0, 0, 1s)});
  dns.set_text(kUdp, {"dnsaddr=/dns/new.example.com/p2p/" + kBobId});
  const DomainAnswer changed = read();
  CHECK(texts(changed.addresses).back() == "/dns/new.example.com/tcp/5/p2p/" + kBobId);
  CHECK(changed.ttl == kDomainTtlMin);
}

TEST_CASE_FIXTURE(Asking, "trees of dnsaddr records are walked, wherever they begin") {
  const std::string leaf = "/ip4/192.0.2.1/tcp/4001/p2p/" + kAliceId;
  dns.set_text("_dnsaddr.example.com",
               {"dnsaddr=/dnsaddr/eu.example.com", "dnsaddr=/dnsaddr/us.example.com"});
  dns.set_text("_dnsaddr.eu.example.com", {"dnsaddr=" + leaf});
  dns.set_text("_dnsaddr.us.example.com",
               {"dnsaddr=/ip4/192.0.2.2/tcp/1/p2p/" + kBobId, "dnsaddr=/ip4/192.0.2.9/tcp/1"});
  CHECK(texts(read().addresses) == Texts{leaf, "/ip4/192.0.2.2/tcp/1/p2p/" + kBobId});

  const auto tree = world.run(read_dnsaddr(&machine.env(), address("/dnsaddr/eu.example.com")));
  CHECK(texts(tree.addresses) == Texts{leaf});
  const auto none = world.run(as_result(read_dnsaddr(&machine.env(), address("/dnsaddr/asia.example.com"))));
  CHECK(none.error() == Errc::kNotFound);
  // A tree tells whose an SRV target is, too, when there is one peer only.
  dns.set_text("_dnsaddr.one.example", {"dnsaddr=/dnsaddr/eu.example.com"});
  dns.set_srv("_warren._tcp.one.example", {service(7, "one.example")});
  CHECK(texts(read("one.example").addresses) == Texts{"/dns/one.example/tcp/7/p2p/" + kAliceId, leaf});
}

TEST_CASE_FIXTURE(Asking, "a domain that cannot be read says why, in time") {
  CHECK(error() == Errc::kNotFound);
  CHECK(error("a/b") == Errc::kBadAddress);
  dns.set_error(kUdp, Errc::kUnreachable);
  CHECK(error() == Errc::kUnreachable);
  dns.set_error(kUdp, Errc::kTimedOut);
  const Instant asked = now();
  CHECK(error() == Errc::kTimedOut);
  CHECK(now() - asked == kDomainTimeout);
  // Half an answer is one.
  dns.set_srv(kTcp, {service(1, "a.example")});
  dns.set_text(kTcp, {"dnsaddr=/p2p/" + kAliceId});
  CHECK(texts(read().addresses) == Texts{"/dns/a.example/tcp/1/p2p/" + kAliceId});
  dns.set_text(kTcp, {});
  CHECK(read().warnings.size() == 1);
  CHECK_FALSE(world.loop().busy());
  machine.env().resolver = nullptr;
  CHECK(error() == Errc::kUnsupported);
}

TEST_CASE("the zone of a node names its public places, and what else has to be there") {
  const PeerId peer = *PeerId::parse(kAliceId);
  const auto zone = bootstrap_zone(
      "example.com", peer,
      addresses({"/ip4/127.0.0.1/tcp/4001", "/ip4/10.0.0.1/tcp/4001", "/ip4/203.0.113.5/udp/4001/quic-v1",
                 "/ip4/203.0.113.5/tcp/4001", "/ip6/2001:db8::5/tcp/4001", "/ip4/203.0.113.5/tcp/4002/ws",
                 "/ip4/203.0.113.6/tcp/4001/p2p/" + kBobId + "/p2p-circuit"}),
      std::nullopt);
  CHECK(zone ==
        Texts{"; Bootstrap records of " + kAliceId, "; needs: example.com. 300 IN A 203.0.113.5",
              "; needs: example.com. 300 IN AAAA 2001:db8::5",
              "_warren._udp.example.com. 300 IN SRV 0 0 4001 example.com.",
              "_warren._tcp.example.com. 300 IN SRV 0 0 4001 example.com.",
              "_warren._udp.example.com. 300 IN TXT \"dnsaddr=/dns/example.com/p2p/" + kAliceId + "\"",
              "_warren._tcp.example.com. 300 IN TXT \"dnsaddr=/dns/example.com/p2p/" + kAliceId + "\"",
              "_dnsaddr.example.com. 300 IN TXT \"dnsaddr=/ip4/203.0.113.5/udp/4001/quic-v1/p2p/" + kAliceId +
                  "\"",
              "_dnsaddr.example.com. 300 IN TXT \"dnsaddr=/ip4/203.0.113.5/tcp/4001/p2p/" + kAliceId + "\"",
              "_dnsaddr.example.com. 300 IN TXT \"dnsaddr=/ip6/2001:db8::5/tcp/4001/p2p/" + kAliceId + "\""});
  const auto lan = bootstrap_zone("lan.example.", peer, addresses({"/ip4/10.0.0.1/tcp/4001"}), std::nullopt);
  CHECK(std::ranges::find(lan, "_warren._tcp.lan.example. 300 IN SRV 0 0 4001 lan.example.") != lan.end());
  CHECK(bootstrap_zone("example.com", peer, addresses({"/ip4/127.0.0.1/tcp/1"}), std::nullopt).empty());
  CHECK(bootstrap_zone("not a domain", peer, addresses({"/ip4/10.0.0.1/tcp/1"}), std::nullopt).empty());
}

TEST_CASE_FIXTURE(Asking, "what a zone says is read as the addresses it was made of") {
  const PeerId peer = *PeerId::parse(kAliceId);
  const auto zone =
      bootstrap_zone("example.com", peer,
                     addresses({"/dns4/boot.example.net/tcp/4001", "/ip4/10.0.0.1/tcp/9"}), std::nullopt);
  std::map<std::string, Texts> records;
  for (const std::string& line : zone) {
    const auto at = line.find(". 300 IN TXT \"");
    if (at != std::string::npos)
      records[line.substr(0, at)].push_back(line.substr(at + 14, line.size() - at - 15));
  }
  for (const auto& [name, values] : records) dns.set_text(name, values);
  CHECK(std::ranges::find(zone, kTcp + ". 300 IN SRV 0 0 4001 boot.example.net.") != zone.end());
  dns.set_srv(kTcp, {service(4001, "boot.example.net")});
  CHECK(texts(read().addresses) == Texts{"/dns/boot.example.net/tcp/4001/p2p/" + kAliceId,
                                         "/dns4/boot.example.net/tcp/4001/p2p/" + kAliceId});
}
