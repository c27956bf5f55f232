#include "warren/swarm/access_list.hpp"

#include <doctest/doctest.h>

#include "warren/crypto/sm2.hpp"
#include "warren/swarm/test_addresses.hpp"

using namespace warren;

namespace {

const PeerId kSomePeer = *PeerId::parse("12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5");
const PeerId kOther = *PeerId::parse("QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N");

Subnet subnet(std::string_view text) {
  return value_or_throw(Subnet::parse(text), std::string(text));
}

std::string normal_form(std::string_view text) {
  const auto parsed = Subnet::parse(text);
  return parsed ? parsed->to_string() : parsed.error().message();
}

// The private key with this scalar: any node will do.
NodeId node(std::uint8_t scalar) {
  Bytes bytes(32, 0);
  bytes.back() = scalar;
  return NodeId(value_or_throw(Sm2PrivateKey::from_scalar(bytes)).public_key());
}

AccessList list_of(std::initializer_list<std::pair<AccessSubject, Access>> entries) {
  AccessList list;
  for (const auto& [subject, access] : entries) REQUIRE(list.set(subject, access));
  return list;
}

// The nth of many different /40s.
Subnet nth_subnet(std::size_t n) {
  std::array<std::uint8_t, 16> bytes{0x20, 0x01};
  bytes[2] = static_cast<std::uint8_t>(n >> 16);
  bytes[3] = static_cast<std::uint8_t>(n >> 8);
  bytes[4] = static_cast<std::uint8_t>(n);
  return {IpAddress::v6(bytes), 40};
}

}  // namespace

TEST_CASE("subnets are read, and their bits after the prefix zeroed") {
  CHECK(normal_form("192.0.2.0/24") == "192.0.2.0/24");
  CHECK(normal_form("192.0.2.255/25") == "192.0.2.128/25");
  CHECK(normal_form("192.0.2.1") == "192.0.2.1");
  CHECK(normal_form("192.0.2.1/32") == "192.0.2.1");
  CHECK(normal_form("192.0.2.1/0") == "0.0.0.0/0");
  CHECK(normal_form("2001:db8:ffff::1/33") == "2001:db8:8000::/33");
  CHECK(normal_form("2001:db8::1") == "2001:db8::1");
  CHECK(normal_form("::/0") == "::/0");
  CHECK(normal_form("::ffff:192.0.2.77") == "192.0.2.77");
  CHECK(normal_form("::ffff:192.0.2.77/120") == "192.0.2.0/24");
}

TEST_CASE("what is not a subnet is refused") {
  for (const std::string_view text :
       {"", "/", "/24", "192.0.2.0/", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/+8", "192.0.2.0/08",
        "192.0.2.0/8 ", "192.0.2.0/8/8", "192.0.2/24", "192.0.2.256", "192.0.2.0/4294967320",
        "2001:db8::/129", "2001:db8::/x", "fe80::1%eth0", "::ffff:192.0.2.0/64", "localhost"}) {
    CAPTURE(text);
    CHECK(Subnet::parse(text).error() == Errc::kBadAddress);
    CHECK(parse_access_subject(text).error() == Errc::kMalformed);
  }
}

TEST_CASE("a subnet contains the addresses of its prefix") {
  CHECK(subnet("192.0.2.0/23").contains(ip("192.0.3.255")));
  CHECK_FALSE(subnet("192.0.2.0/23").contains(ip("192.0.4.0")));
  CHECK(subnet("192.0.2.0/24").contains(ip("::ffff:192.0.2.9")));
  CHECK(subnet("0.0.0.0/0").contains(ip("255.255.255.255")));
  CHECK_FALSE(subnet("0.0.0.0/0").contains(ip("2001:db8::1")));
  CHECK_FALSE(subnet("::/0").contains(ip("192.0.2.1")));
  CHECK(subnet("2001:db8::/47").contains(ip("2001:db8:1:ffff::")));
  CHECK_FALSE(subnet("2001:db8::/47").contains(ip("2001:db8:2::")));
}

TEST_CASE("subjects are read and shown in one form") {
  const std::string peer = kSomePeer.to_string();
  const std::string node_text = node(7).to_string();
  CHECK(std::get<PeerId>(*parse_access_subject(peer)) == kSomePeer);
  CHECK(std::get<NodeId>(*parse_access_subject(node_text)) == node(7));
  CHECK(std::get<Subnet>(*parse_access_subject("10.1.2.3/8")) == subnet("10.0.0.0/8"));
  for (const std::string& text : {peer, node_text, std::string("10.0.0.0/8"), std::string("2001:db8::1")}) {
    CHECK(to_string(*parse_access_subject(text)) == text);
  }
  CHECK(parse_access_subject(peer.substr(1)).error() == Errc::kMalformed);
}

TEST_CASE("the longest prefix decides, whatever the order") {
  const AccessList list = list_of({{subnet("10.1.2.3"), Access::kDenied},
                                   {subnet("10.0.0.0/8"), Access::kDenied},
                                   {subnet("10.1.0.0/16"), Access::kAllowed},
                                   {subnet("2001:db8::/32"), Access::kDenied},
                                   {subnet("2001:db8:7::/48"), Access::kAllowed}});
  CHECK(list.of(ip("10.2.0.1")) == Access::kDenied);
  CHECK(list.of(ip("10.1.0.1")) == Access::kAllowed);
  CHECK(list.of(ip("10.1.2.3")) == Access::kDenied);
  CHECK(list.of(ip("11.1.2.3")) == Access::kNormal);
  CHECK(list.of(ip("::ffff:10.1.0.1")) == Access::kAllowed);
  CHECK(list.of(ip("2001:db8:7:1::1")) == Access::kAllowed);
  CHECK(list.of(ip("2001:db8:8::1")) == Access::kDenied);
  CHECK(list.of(ip("2001:db9::1")) == Access::kNormal);
}

TEST_CASE("what is said of a peer counts more than what is said of its address") {
  const AccessList list = list_of({{kSomePeer, Access::kAllowed},
                                   {kOther, Access::kDenied},
                                   {subnet("10.0.0.0/8"), Access::kDenied},
                                   {subnet("192.0.2.0/24"), Access::kAllowed}});
  CHECK(list.of(kSomePeer, {}, ip("10.0.0.1")) == Access::kAllowed);
  CHECK(list.of(kOther, {}, ip("192.0.2.1")) == Access::kDenied);
  CHECK(list.of(kSomePeer, {}, {}) == Access::kAllowed);
  const PeerId stranger = *PeerId::parse("QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC");
  CHECK(list.of(stranger, {}, ip("10.0.0.1")) == Access::kDenied);
  CHECK(list.of(stranger, {}, ip("192.0.2.1")) == Access::kAllowed);
  CHECK(list.of(stranger, {}, ip("203.0.113.1")) == Access::kNormal);
  CHECK(list.of(stranger, {}, {}) == Access::kNormal);
}

TEST_CASE("an entry for a node is one for its peers") {
  const AccessList list = list_of({{node(1), Access::kDenied}, {node(2), Access::kAllowed}});
  CHECK(list.of(kSomePeer, node(1), {}) == Access::kDenied);
  CHECK(list.of(kSomePeer, node(2), {}) == Access::kAllowed);
  CHECK(list.of(kSomePeer, node(3), {}) == Access::kNormal);
  CHECK(list.of(kSomePeer, {}, {}) == Access::kNormal);

  SUBCASE("and where the two differ, denied wins") {
    const AccessList both = list_of({{kSomePeer, Access::kAllowed},
                                     {node(1), Access::kDenied},
                                     {kOther, Access::kDenied},
                                     {node(2), Access::kAllowed}});
    CHECK(both.of(kSomePeer, node(1), {}) == Access::kDenied);
    CHECK(both.of(kOther, node(2), {}) == Access::kDenied);
    CHECK(both.of(kSomePeer, node(2), {}) == Access::kAllowed);
  }
}

TEST_CASE("entries keep their order, are replaced in place and taken off") {
  AccessList list = list_of(
      {{kSomePeer, Access::kAllowed}, {subnet("10.0.0.0/8"), Access::kDenied}, {node(1), Access::kDenied}});
  REQUIRE(list.set(kSomePeer, Access::kDenied));
  REQUIRE(list.set(Subnet{ip("::ffff:10.9.9.9"), 104}, Access::kAllowed));  // the same subnet, told otherwise
  auto entries = list.entries();
  REQUIRE(entries.size() == 3);
  CHECK(entries[0].subject == AccessSubject(kSomePeer));
  CHECK(entries[0].access == Access::kDenied);
  CHECK(to_string(entries[1].subject) == "10.0.0.0/8");
  CHECK(entries[1].access == Access::kAllowed);
  CHECK(entries[2].subject == AccessSubject(node(1)));

  for (const auto& entry : entries) REQUIRE(list.set(entry.subject, Access::kNormal));
  CHECK(list.entries().empty());
  CHECK(list.of(kSomePeer, node(1), ip("10.0.0.1")) == Access::kNormal);
  CHECK(list.set(kOther, Access::kNormal));  // was not on it
  CHECK(list.entries().empty());
}

TEST_CASE("a subnet whose prefix is longer than its address is refused") {
  AccessList list;
  CHECK(list.set(Subnet{ip("10.0.0.0"), 33}, Access::kDenied).error() == Errc::kBadAddress);
  CHECK(list.set(Subnet{ip("2001:db8::"), 129}, Access::kDenied).error() == Errc::kBadAddress);
  CHECK(list.entries().empty());
}

TEST_CASE("the list is bounded, and still found in when it is full") {
  AccessList list;
  std::size_t made = 0;
  while (list.set(nth_subnet(made), Access::kDenied)) ++made;
  CHECK(made == AccessList::kEntriesMax);
  CHECK(list.set(kSomePeer, Access::kAllowed).error() == Errc::kLimitReached);
  CHECK(list.set(nth_subnet(0), Access::kAllowed));  // replaces

  std::size_t denied = 0;
  for (std::size_t i = 0; i < made; ++i) denied += list.of(nth_subnet(i).address) == Access::kDenied;
  CHECK(denied == made - 1);
  CHECK(list.of(nth_subnet(made).address) == Access::kNormal);

  CHECK(list.set(nth_subnet(5), Access::kNormal));
  CHECK(list.set(kSomePeer, Access::kAllowed));
  CHECK(list.entries().size() == made);
}

TEST_CASE("the list knows whether anybody is allowed by name") {
  AccessList list;
  CHECK_FALSE(list.allows_by_name());
  REQUIRE(list.set(subnet("192.0.2.0/24"), Access::kAllowed));
  REQUIRE(list.set(kSomePeer, Access::kDenied));
  CHECK_FALSE(list.allows_by_name());
  REQUIRE(list.set(kSomePeer, Access::kAllowed));
  REQUIRE(list.set(kSomePeer, Access::kAllowed));
  REQUIRE(list.set(node(7), Access::kAllowed));
  CHECK(list.allows_by_name());
  REQUIRE(list.set(kSomePeer, Access::kNormal));
  CHECK(list.allows_by_name());
  REQUIRE(list.set(node(7), Access::kDenied));
  CHECK_FALSE(list.allows_by_name());
}
