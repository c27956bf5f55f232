#include "warren/protocols/pubsub/score/colocation.hpp"

#include <doctest/doctest.h>

using namespace warren;
using namespace warren::pubsub;

namespace {

IpAddress ip(std::string_view text) {
  return value_or_throw(IpAddress::parse(text));
}

}  // namespace

TEST_CASE("peers are a crowd behind an IPv4 address, or behind an IPv6 /64") {
  Colocation colocation({});
  const auto first = colocation.enter(ip("198.51.100.1"));
  const auto second = colocation.enter(ip("198.51.100.1"));
  const auto neighbour = colocation.enter(ip("198.51.100.2"));
  CHECK(first.crowd() == 2);
  CHECK(second.crowd() == 2);
  CHECK(neighbour.crowd() == 1);
  const auto third = colocation.enter(ip("2001:db8:1:2::1"));
  const auto fourth = colocation.enter(ip("2001:db8:1:2:ffff::1"));
  const auto fifth = colocation.enter(ip("2001:db8:1:3::1"));
  CHECK(third.crowd() == 2);
  CHECK(fourth.crowd() == 2);
  CHECK(fifth.crowd() == 1);
}

TEST_CASE("an IPv4 address and an IPv6 network of the same bytes are two") {
  Colocation colocation({});
  const auto four = colocation.enter(ip("32.1.13.184"));
  const auto six = colocation.enter(ip("2001:db8::1"));
  CHECK(four.crowd() == 1);
  CHECK(six.crowd() == 1);
}

TEST_CASE("loopback, private and exempt addresses are in no crowd, and no address is none") {
  Colocation colocation([](const IpAddress& address) { return address == ip("192.0.2.7"); });
  for (const std::string_view text :
       {"127.0.0.1", "::1", "10.0.0.1", "192.168.1.1", "fd00::1", "192.0.2.7"}) {
    CAPTURE(text);
    const auto place = colocation.enter(ip(text));
    CHECK(place.crowd() == 0);
  }
  CHECK(colocation.enter(std::nullopt).crowd() == 0);
  CHECK(colocation.size() == 0);
  CHECK(colocation.enter(ip("192.0.2.8")).crowd() == 1);
}

TEST_CASE("who leaves is not counted, and of an address that nobody is behind nothing is kept") {
  Colocation colocation({});
  auto stays = colocation.enter(ip("192.0.2.1"));
  {
    const auto leaves = colocation.enter(ip("192.0.2.1"));
    CHECK(stays.crowd() == 2);
  }
  CHECK(stays.crowd() == 1);
  auto moved = std::move(stays);
  CHECK(moved.crowd() == 1);
  CHECK(stays.crowd() == 0);
  moved = colocation.enter(ip("192.0.2.1"));
  CHECK(moved.crowd() == 1);
  moved = colocation.enter(ip("192.0.2.2"));
  CHECK(colocation.size() == 1);
  moved = {};
  CHECK(colocation.size() == 0);
}
