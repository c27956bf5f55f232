#include "warren/env/real/resolver.hpp"

#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/async/task_group.hpp"
#include "warren/env/real/loop.hpp"
#include "warren/env/real/test_dns_server.hpp"

namespace warren::real {
namespace {

using Behaviour = TestDnsServer::Behaviour;
using Addresses = std::vector<AddressRecord>;
using Texts = std::vector<TextRecord>;
using Services = std::vector<ServiceRecord>;

IpAddress ip(std::string_view text) {
  return value_or_throw(IpAddress::parse(text), std::string(text));
}

TestDnsServer::Record address(std::string_view text, std::uint32_t ttl = 60) {
  const IpAddress parsed = ip(text);
  return {parsed.is_v4() ? TestDnsServer::kA : TestDnsServer::kAaaa, to_bytes(parsed.bytes()), ttl};
}

TestDnsServer::Record text(const std::vector<std::string>& strings, std::uint32_t ttl = 60) {
  return {TestDnsServer::kTxt, TestDnsServer::txt(strings), ttl};
}

TestDnsServer::Record service(std::uint16_t port, const std::string& target, std::uint32_t ttl = 60) {
  return {TestDnsServer::kSrv, TestDnsServer::srv(10, 20, port, target), ttl};
}

// A resolver that asks a server on loopback, and has time on a busy machine.
struct ResolverTest {
  ResolverTest() {
    serving.spawn(server.serve_udp());
    serving.spawn(server.serve_tcp());
  }
  ~ResolverTest() { loop.run(serving.close()); }

  template <class T>
  Result<T> ask(Task<T> asking) {
    return loop.run(as_result(std::move(asking)));
  }
  ResolverOptions options(std::size_t queries_max = 64) {
    return {.servers = {server.endpoint()}, .timeout = 5s, .tries = 2, .queries_max = queries_max};
  }

  Loop loop{1};
  TestDnsServer server{loop.env().executor};
  TaskGroup serving{loop.env().executor, "test"};
  SystemResolver resolver{loop.env().executor, options()};
};

TEST_CASE_FIXTURE(ResolverTest, "A, AAAA and TXT records come with their TTLs, in the server's order") {
  server.records["v4.example"] = {address("192.0.2.7", 300), address("192.0.2.1", 300)};
  server.records["v6.example"] = {address("2001:db8::7", 120)};
  server.records["_dnsaddr.example"] = {text({"dnsaddr=/ip4/192.0.2.7", "/tcp/4001"}, 30), text({""}, 7)};
  CHECK(ask(resolver.resolve_a("v4.example")) == Addresses{{ip("192.0.2.7"), 300s}, {ip("192.0.2.1"), 300s}});
  CHECK(ask(resolver.resolve_aaaa("v6.example")) == Addresses{{ip("2001:db8::7"), 120s}});
  CHECK(ask(resolver.resolve_txt("_dnsaddr.example")) ==
        Texts{{"dnsaddr=/ip4/192.0.2.7/tcp/4001", 30s}, {"", 7s}});
  CHECK(server.asked == std::vector<std::string>{"v4.example 1", "v6.example 28", "_dnsaddr.example 16"});
}

TEST_CASE_FIXTURE(ResolverTest, "SRV records come with their TTLs, in the server's order") {
  server.records["_warren._udp.example"] = {
      {TestDnsServer::kSrv, TestDnsServer::srv(20, 5, 4001, "b.example"), 30},
      {TestDnsServer::kSrv, TestDnsServer::srv(10, 0, 65535, "a.example"), 7},
      text({"dnsaddr=/p2p/x"}),  // of another type
  };
  CHECK(ask(resolver.resolve_srv("_warren._udp.example")) ==
        Services{{20, 5, 4001, "b.example", 30s}, {10, 0, 65535, "a.example", 7s}});
  CHECK(server.asked == std::vector<std::string>{"_warren._udp.example 33"});
  server.records["_warren._udp.example"] = {service(4002, "c.example")};
  CHECK(loop.run(resolver.resolve_srv("_warren._udp.example")).front().port == 4002);
}

TEST_CASE_FIXTURE(ResolverTest, "SRV records that name no host are left out") {
  server.records["none.example"] = {service(0, "")};
  server.records["odd.example"] = {service(1, "a b.example"), service(2, "a/b"), service(3, "ok_1.example"),
                                   service(4, std::string(63, 'x') + "." + std::string(63, 'x') + "." +
                                                  std::string(63, 'x') + "." + std::string(63, 'x'))};
  CHECK(ask(resolver.resolve_srv("none.example")).error() == Errc::kNotFound);
  CHECK(ask(resolver.resolve_srv("odd.example")) == Services{{10, 20, 3, "ok_1.example", 60s}});
}

TEST_CASE_FIXTURE(ResolverTest, "a changed record is seen at the next question") {
  server.records["a.example"] = {address("192.0.2.1", 3600)};
  CHECK(loop.run(resolver.resolve_a("a.example")).front().address == ip("192.0.2.1"));
  server.records["a.example"] = {address("192.0.2.2", 3600)};
  CHECK(loop.run(resolver.resolve_a("a.example")).front().address == ip("192.0.2.2"));
}

TEST_CASE_FIXTURE(ResolverTest, "aliases are followed") {
  server.records["www.example"] = {{TestDnsServer::kCname, TestDnsServer::name("a.example"), 60},
                                   address("192.0.2.1")};
  CHECK(loop.run(resolver.resolve_a("www.example")).front().address == ip("192.0.2.1"));
}

TEST_CASE_FIXTURE(ResolverTest, "each failure has its error") {
  server.records["no-such-type.example"] = {};
  server.behaviours["failing.example"] = Behaviour::kServerFailure;
  server.behaviours["refusing.example"] = Behaviour::kRefuse;
  server.behaviours["garbage.example"] = Behaviour::kGarbage;
  const std::vector<std::pair<std::string, Errc>> table = {
      {"no-such-name.example", Errc::kNotFound},
      {"no-such-type.example", Errc::kNotFound},
      {"failing.example", Errc::kUnreachable},
      {"refusing.example", Errc::kUnreachable},
      {"garbage.example", Errc::kMalformed},
      {std::string(300, 'a'), Errc::kBadAddress},
      {std::string(64, 'a') + ".example", Errc::kBadAddress},
      {"", Errc::kBadAddress},
      {std::string("a\0b", 3), Errc::kBadAddress},
  };
  for (const auto& [name, error] : table) {
    CAPTURE(name);
    CHECK(ask(resolver.resolve_a(name)).error() == error);
    CHECK(ask(resolver.resolve_txt(name)).error() == error);
    CHECK(ask(resolver.resolve_srv(name)).error() == error);
  }
}

TEST_CASE_FIXTURE(ResolverTest, "a server that says nothing is asked again, and then given up") {
  server.behaviours["silent.example"] = Behaviour::kSilent;
  ResolverOptions hasty = options();
  hasty.timeout = 20ms;
  SystemResolver other(loop.env().executor, hasty);
  CHECK(ask(other.resolve_a("silent.example")).error() == Errc::kTimedOut);
  CHECK(server.asked.size() == 2);
  CHECK(ask(other.resolve_txt("silent.example")).error() == Errc::kTimedOut);
}

TEST_CASE_FIXTURE(ResolverTest, "no server at all is an error in time") {
  ResolverOptions nobody = options();
  nobody.servers = {TestDnsServer(loop.env().executor).endpoint()};  // gone again
  SystemResolver lonely(loop.env().executor, nobody);
  CHECK(ask(lonely.resolve_a("a.example")).error() == Errc::kUnreachable);
}

TEST_CASE_FIXTURE(ResolverTest, "an answer that UDP does not hold comes over TCP") {
  server.truncate = true;
  for (int i = 0; i < 90; ++i) server.records["long.example"].push_back(text({std::string(200, 'x')}));
  const auto texts = ask(resolver.resolve_txt("long.example"));
  REQUIRE(texts.has_value());
  CHECK(texts->size() == 90);
  CHECK(server.asked.back() == "long.example 16 tcp");
}

TEST_CASE_FIXTURE(ResolverTest, "answers are bounded") {
  server.truncate = true;
  for (int i = 0; i < 500; ++i) {
    server.records["many.example"].push_back(address("192.0.2." + std::to_string(i % 256)));
    server.records["texts.example"].push_back(text({std::to_string(i)}));
    server.records["services.example"].push_back(service(static_cast<std::uint16_t>(i), "a.example"));
  }
  server.records["wide.example"] = {text(std::vector(9, std::string(255, 'x'))), text({"y"})};
  CHECK(loop.run(resolver.resolve_a("many.example")).size() == kDnsRecordsMax);
  CHECK(loop.run(resolver.resolve_txt("texts.example")).size() == kDnsRecordsMax);
  CHECK(loop.run(resolver.resolve_srv("services.example")).size() == kDnsRecordsMax);
  CHECK(ask(resolver.resolve_txt("wide.example")) == Texts{{"y", 60s}});
}

Task<void> ask_into(Resolver* resolver, std::string name, int* answered) {
  const auto records = co_await as_result(resolver->resolve_a(std::move(name)));
  if (records) ++*answered;
}

TEST_CASE_FIXTURE(ResolverTest, "many ask at once, and those over the limit wait their turn") {
  SystemResolver narrow(loop.env().executor, options(3));
  TaskGroup asking(loop.env().executor, "test");
  int answered = 0;
  for (int i = 0; i < 50; ++i) {
    const std::string name = "n" + std::to_string(i) + ".example";
    server.records[name] = {address("192.0.2.1")};
    asking.spawn(ask_into(&narrow, name, &answered));
  }
  loop.run(asking.join());
  CHECK(answered == 50);
}

TEST_CASE_FIXTURE(ResolverTest, "a canceled question ends at once, and frees its place") {
  server.behaviours["silent.example"] = Behaviour::kSilent;
  server.records["a.example"] = {address("192.0.2.1")};
  ResolverOptions patient = options(1);
  patient.timeout = 60s;
  std::optional<SystemResolver> other(std::in_place, loop.env().executor, patient);
  Clock& clock = loop.env().clock;
  CHECK(ask(with_timeout(clock, 20ms, other->resolve_a("silent.example"))).error() == Errc::kTimedOut);
  CHECK(ask(with_timeout(clock, 20ms, other->resolve_txt("silent.example"))).error() == Errc::kTimedOut);
  CHECK(ask(other->resolve_a("a.example")).has_value());
  other.reset();
  CHECK(ask(resolver.resolve_a("a.example")).has_value());
}

TEST_CASE_FIXTURE(ResolverTest, "by default the system's configuration is used, /etc/hosts included") {
  SystemResolver system(loop.env().executor);
  const auto local = ask(system.resolve_a("localhost"));
  REQUIRE(local.has_value());
  CHECK(local->front().address.is_loopback());
}

}  // namespace
}  // namespace warren::real
