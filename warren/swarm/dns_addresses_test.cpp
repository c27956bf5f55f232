#include "warren/swarm/dns_addresses.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "warren/async/as_result.hpp"
#include "warren/async/task_group.hpp"
#include "warren/sim/dns.hpp"
#include "warren/sim/loop.hpp"
#include "warren/swarm/test_addresses.hpp"

using namespace warren;

namespace {

const std::string kAlice = "/p2p/12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5";
const std::string kBob = "/p2p/QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N";
const PeerId kAliceId = *PeerId::parse(std::string_view(kAlice).substr(5));

using Texts = std::vector<std::string>;

struct Names {
  Task<DnsExpansion> expanding(const Texts& given, std::optional<PeerId> peer = {}, DnsLimits limits = {}) {
    return expand_names(loop.executor(), loop.clock(), dns, std::move(peer), addresses(given), limits);
  }
  DnsExpansion expand(const Texts& given, std::optional<PeerId> peer = {}, DnsLimits limits = {}) {
    DnsExpansion expansion = loop.run(expanding(given, std::move(peer), limits));
    CHECK_FALSE(loop.busy());
    return expansion;
  }
  Texts expanded(const Texts& given, std::optional<PeerId> peer = {}, DnsLimits limits = {}) {
    Texts result;
    for (const Multiaddr& address : expand(given, std::move(peer), limits).addresses)
      result.push_back(address.to_string());
    return result;
  }
  Errc only_failure(const Texts& given, DnsLimits limits = {}) {
    const DnsExpansion expansion = expand(given, {}, limits);
    REQUIRE(expansion.failures.size() == 1);
    return static_cast<Errc>(expansion.failures[0].error.value());
  }
  // A dnsaddr with these multiaddrs.
  void publish(const std::string& name, const Texts& multiaddrs) {
    Texts records;
    for (const std::string& multiaddr : multiaddrs) records.push_back("dnsaddr=" + multiaddr);
    dns.set_text("_dnsaddr." + name, records);
  }

  sim::Loop loop;
  sim::Dns dns{loop.clock(), 20ms};
};

}  // namespace

TEST_CASE_FIXTURE(Names, "names become the addresses of their family, and the rest stays") {
  dns.set("a.example", {ip("192.0.2.1"), ip("2001:db8::1"), ip("192.0.2.2")});
  CHECK(expanded({"/dns4/a.example/tcp/1"}) == Texts{"/ip4/192.0.2.1/tcp/1", "/ip4/192.0.2.2/tcp/1"});
  CHECK(expanded({"/dns6/a.example/udp/1/quic-v1"}) == Texts{"/ip6/2001:db8::1/udp/1/quic-v1"});
  CHECK(expanded({"/dns/a.example/tcp/1" + kAlice}) == Texts{"/ip6/2001:db8::1/tcp/1" + kAlice,
                                                             "/ip4/192.0.2.1/tcp/1" + kAlice,
                                                             "/ip4/192.0.2.2/tcp/1" + kAlice});
  CHECK(expanded({"/dns4/a.example/tcp/1" + kBob + "/p2p-circuit"}).front() ==
        "/ip4/192.0.2.1/tcp/1" + kBob + "/p2p-circuit");
}

TEST_CASE_FIXTURE(Names, "what is no name stays as it is, in its place, and costs no time") {
  CHECK(expanded({"/ip4/192.0.2.1/tcp/1", "/memory/1", "/ip4/192.0.2.1/tcp/1"}) ==
        Texts{"/ip4/192.0.2.1/tcp/1", "/memory/1"});
  CHECK(expanded({}).empty());
  CHECK(loop.now() == Instant{});
  CHECK(dns.queries() == 0);
  CHECK(begins_with_name(addresses({"/dnsaddr/a.example"}).front()));
  CHECK_FALSE(begins_with_name(addresses({"/ip4/192.0.2.1/tcp/1"}).front()));
  CHECK_FALSE(begins_with_name(Multiaddr()));
}

TEST_CASE_FIXTURE(Names, "a changed record is followed at the next dial") {
  dns.set("a.example", {ip("192.0.2.1")});
  CHECK(expanded({"/dns4/a.example/tcp/1"}) == Texts{"/ip4/192.0.2.1/tcp/1"});
  dns.set("a.example", {ip("192.0.2.99")});
  CHECK(expanded({"/dns4/a.example/tcp/1"}) == Texts{"/ip4/192.0.2.99/tcp/1"});
}

TEST_CASE_FIXTURE(Names, "a dnsaddr stands for its records, which may be names again") {
  dns.set("a.example", {ip("192.0.2.1")});
  publish("one.example",
          {"/ip4/192.0.2.7/tcp/1", "/dns4/a.example/tcp/2", "/dnsaddr/two.example", "nonsense"});
  publish("two.example", {"/ip6/2001:db8::2/udp/1/quic-v1"});
  CHECK(expanded({"/dnsaddr/one.example"}) ==
        Texts{"/ip4/192.0.2.7/tcp/1", "/ip4/192.0.2.1/tcp/2", "/ip6/2001:db8::2/udp/1/quic-v1"});
  dns.set_text("_dnsaddr.other.example", {"v=spf1", "dnsaddr"});
  CHECK(only_failure({"/dnsaddr/other.example"}) == Errc::kNotFound);
}

TEST_CASE_FIXTURE(Names, "what follows a dnsaddr selects its records") {
  publish("one.example", {"/ip4/192.0.2.7/tcp/1" + kAlice, "/ip4/192.0.2.8/tcp/1" + kBob,
                          "/ip4/192.0.2.9/tcp/1", "/dnsaddr/two.example" + kAlice, kAlice});
  publish("two.example", {"/ip4/192.0.2.10/tcp/1" + kAlice, "/ip4/192.0.2.11/tcp/1" + kBob});
  CHECK(expanded({"/dnsaddr/one.example" + kAlice}) ==
        Texts{"/ip4/192.0.2.7/tcp/1" + kAlice, "/ip4/192.0.2.10/tcp/1" + kAlice});
}

TEST_CASE_FIXTURE(Names, "records that name another peer are left out, and not asked for") {
  publish("one.example",
          {"/ip4/192.0.2.7/tcp/1" + kAlice, "/ip4/192.0.2.8/tcp/1" + kBob, "/ip4/192.0.2.9/tcp/1",
           "/dns4/a.example/tcp/1" + kBob, "/ip4/192.0.2.10/tcp/1" + kBob + "/p2p-circuit"});
  CHECK(expanded({"/dnsaddr/one.example"}, kAliceId) ==
        Texts{"/ip4/192.0.2.7/tcp/1" + kAlice, "/ip4/192.0.2.9/tcp/1",
              "/ip4/192.0.2.10/tcp/1" + kBob + "/p2p-circuit"});
  CHECK(dns.queries() == 1);
}

TEST_CASE_FIXTURE(Names, "WebSocket over TLS keeps the name, for the certificate is the name's") {
  dns.set("a.example", {ip("192.0.2.1")});
  const std::string expected = "/ip4/192.0.2.1/tcp/443/tls/sni/a.example/ws";
  CHECK(expanded({"/dns4/a.example/tcp/443/tls/ws"}) == Texts{expected});
  CHECK(expanded({"/dns4/a.example/tcp/443/wss" + kAlice}) == Texts{expected + kAlice});
  CHECK(expanded({"/dns4/a.example/tcp/443/tls/sni/b.example/ws"}) ==
        Texts{"/ip4/192.0.2.1/tcp/443/tls/sni/b.example/ws"});
  CHECK(expanded({"/dns4/a.example/tcp/80/ws"}) == Texts{"/ip4/192.0.2.1/tcp/80/ws"});
  CHECK(expanded({"/dns4/a.example/tcp/1/tls"}) == Texts{"/ip4/192.0.2.1/tcp/1/tls"});
}

TEST_CASE_FIXTURE(Names, "a name that fails does not fail the others, and says why") {
  dns.set("a.example", {ip("192.0.2.1")});
  dns.set_error("broken.example", Errc::kUnreachable);
  const DnsExpansion expansion = expand({"/dns4/missing.example/tcp/1", "/dns4/a.example/tcp/1",
                                         "/dns/broken.example/tcp/1", "/dns6/a.example/tcp/1"});
  CHECK(expansion.addresses == addresses({"/ip4/192.0.2.1/tcp/1"}));
  REQUIRE(expansion.failures.size() == 3);
  CHECK(expansion.failures[0].address.to_string() == "/dns4/missing.example/tcp/1");
  CHECK(expansion.failures[0].error == Errc::kNotFound);
  CHECK(expansion.failures[1].address.to_string() == "/dns/broken.example/tcp/1");
  CHECK(expansion.failures[1].error == Errc::kUnreachable);
  CHECK(expansion.failures[2].address.to_string() == "/dns6/a.example/tcp/1");
  CHECK(only_failure({"/dns/missing.example/tcp/1"}) == Errc::kNotFound);
}

TEST_CASE_FIXTURE(Names, "all names are asked at once") {
  Texts given;
  for (int i = 0; i < 10; ++i) {
    const std::string name = "n" + std::to_string(i) + ".example";
    dns.set(name, {ip("192.0.2." + std::to_string(i))});
    given.push_back("/dns/" + name + "/tcp/1");
  }
  CHECK(expanded(given).size() == 10);
  CHECK(loop.now() == Instant{20ms});
}

TEST_CASE_FIXTURE(Names, "a silent name holds up others only a while, and alone only for the time limit") {
  dns.set("a.example", {ip("192.0.2.1")});
  dns.set_error("silent.example", Errc::kTimedOut);
  const DnsExpansion expansion = expand({"/dns4/silent.example/tcp/1", "/dns4/a.example/tcp/1"});
  CHECK(expansion.addresses.size() == 1);
  REQUIRE(expansion.failures.size() == 1);
  CHECK(expansion.failures[0].error == Errc::kTimedOut);
  CHECK(loop.now() == Instant{1s});

  const Instant asked = loop.now();
  CHECK(only_failure({"/dnsaddr/silent.example"}) == Errc::kNotFound);  // its TXT record is another name's
  dns.set_error("_dnsaddr.silent.example", Errc::kTimedOut);
  const Instant again = loop.now();
  CHECK(again == asked + 20ms);
  CHECK(only_failure({"/dnsaddr/silent.example"}) == Errc::kTimedOut);
  CHECK(loop.now() == again + DnsLimits{}.time_max);
}

TEST_CASE_FIXTURE(Names, "a slow answer still counts while there is nothing else") {
  dns.set("slow.example", {ip("192.0.2.1")});
  dns.set_delay("slow.example", 3s);
  CHECK(expanded({"/dns4/slow.example/tcp/1"}).size() == 1);
  CHECK(loop.now() == Instant{3s});
}

TEST_CASE_FIXTURE(Names, "a dnsaddr that leads to itself, or too deep, ends") {
  publish("loop.example", {"/dnsaddr/loop.example", "/ip4/192.0.2.1/tcp/1"});
  CHECK(expanded({"/dnsaddr/loop.example"}) == Texts{"/ip4/192.0.2.1/tcp/1"});
  CHECK(dns.queries() == 4);
  CHECK(only_failure({"/dnsaddr/loop.example"}) == Errc::kLimitReached);

  for (int i = 0; i < 4; ++i)
    publish(std::to_string(i) + ".example", {"/dnsaddr/" + std::to_string(i + 1) + ".example"});
  publish("4.example", {"/ip4/192.0.2.1/tcp/1"});
  CHECK(expanded({"/dnsaddr/1.example"}).size() == 1);
  CHECK(expanded({"/dnsaddr/0.example"}).empty());
}

TEST_CASE_FIXTURE(Names, "queries and addresses are bounded, whatever records say") {
  Texts many;
  for (int i = 1; i <= 100; ++i) many.push_back("/ip4/192.0.2.1/tcp/" + std::to_string(i));
  dns.set_text("_dnsaddr.fork.example", Texts(100, "dnsaddr=/dnsaddr/fork.example"));
  CHECK(expanded({"/dnsaddr/fork.example"}).empty());
  CHECK(dns.queries() == DnsLimits{}.queries_max);

  publish("many.example", many);
  CHECK(expanded({"/dnsaddr/many.example", "/ip4/192.0.2.2/tcp/1"}).size() == DnsLimits{}.addresses_max);
  CHECK(expanded({"/dnsaddr/many.example"}, {}, {.addresses_max = 7}).size() == 7);

  const DnsExpansion expansion = expand({"/dns/a.example/tcp/1"}, {}, {.queries_max = 0});
  CHECK(expansion.failures.front().error == Errc::kLimitReached);
}

TEST_CASE_FIXTURE(Names, "a canceled expansion ends at once") {
  dns.set_error("silent.example", Errc::kTimedOut);
  const auto outcome =
      loop.run(as_result(with_timeout(loop.clock(), 30ms, expanding({"/dns/silent.example/tcp/1"}))));
  CHECK(outcome.error() == Errc::kTimedOut);
  CHECK(loop.now() == Instant{30ms});
  CHECK_FALSE(loop.busy());
}
