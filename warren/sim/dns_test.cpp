#include "warren/sim/dns.hpp"

#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/sim/loop.hpp"

using namespace warren;

namespace {

IpAddress ip(std::string_view text) {
  return value_or_throw(IpAddress::parse(text), std::string(text));
}

struct World {
  sim::Loop loop;
  sim::Dns dns{loop.clock(), 20ms};
};

}  // namespace

TEST_CASE_FIXTURE(World, "simulated DNS answers by family, after a delay, with the TTL") {
  dns.set("a.example", {ip("192.0.2.1"), ip("2001:db8::1"), ip("192.0.2.2")}, 5s);
  using Records = std::vector<AddressRecord>;
  CHECK(loop.run(dns.resolve_a("A.Example.")) == Records{{ip("192.0.2.1"), 5s}, {ip("192.0.2.2"), 5s}});
  CHECK(loop.now() == Instant{20ms});
  CHECK(loop.run(dns.resolve_aaaa("a.example")) == Records{{ip("2001:db8::1"), 5s}});
  dns.set_text("a.example", {"x=1"});
  CHECK(loop.run(dns.resolve_txt("a.example")) == std::vector<TextRecord>{{"x=1", 60s}});
  CHECK(dns.queries() == 3);
  const std::vector<ServiceRecord> services = {
      {.priority = 1, .port = 4001, .target = "a.example", .ttl = 9s},
      {.port = 4002, .target = "b.example", .ttl = 9s}};
  dns.set_srv("_warren._udp.example", services);
  CHECK(loop.run(dns.resolve_srv("_warren._udp.example.")) == services);
  CHECK(loop.run(as_result(dns.resolve_srv("a.example"))).error() == Errc::kNotFound);
}

TEST_CASE_FIXTURE(World, "simulated records change at run time") {
  CHECK(loop.run(as_result(dns.resolve_a("a.example"))).error() == Errc::kNotFound);
  dns.set("a.example", {ip("192.0.2.1")});
  CHECK(loop.run(dns.resolve_a("a.example")).front().address == ip("192.0.2.1"));
  CHECK(loop.run(as_result(dns.resolve_aaaa("a.example"))).error() == Errc::kNotFound);
  CHECK(loop.run(as_result(dns.resolve_txt("a.example"))).error() == Errc::kNotFound);
  dns.set("a.example", {ip("192.0.2.9")});
  CHECK(loop.run(dns.resolve_a("a.example")).front().address == ip("192.0.2.9"));
}

TEST_CASE_FIXTURE(World, "simulated names fail, and are slow, as they are told") {
  dns.set("a.example", {ip("192.0.2.1")});
  dns.set_error("a.example", Errc::kUnreachable);
  CHECK(loop.run(as_result(dns.resolve_a("a.example"))).error() == Errc::kUnreachable);
  dns.set_error("a.example", Errc::kTimedOut);
  const Instant asked = loop.now();
  CHECK(loop.run(as_result(dns.resolve_a("a.example"))).error() == Errc::kTimedOut);
  CHECK(loop.now() == asked + sim::Dns::kTimeout);
  dns.set_error("a.example", std::nullopt);
  dns.set_delay("a.example", 3s);
  const auto limited = loop.run(as_result(with_timeout(loop.clock(), 1s, dns.resolve_a("a.example"))));
  CHECK(limited.error() == Errc::kTimedOut);
  CHECK_FALSE(loop.busy());
}

TEST_CASE_FIXTURE(World, "simulated answers are bounded") {
  const std::vector<IpAddress> many(1000, ip("192.0.2.1"));
  dns.set("a.example", many);
  dns.set_text("a.example", std::vector<std::string>(1000, "x"));
  dns.set_srv("a.example", std::vector<ServiceRecord>(1000));
  CHECK(loop.run(dns.resolve_a("a.example")).size() == kDnsRecordsMax);
  CHECK(loop.run(dns.resolve_txt("a.example")).size() == kDnsRecordsMax);
  CHECK(loop.run(dns.resolve_srv("a.example")).size() == kDnsRecordsMax);
}
