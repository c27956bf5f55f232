#include "warren/env/endpoint.hpp"

#include <doctest/doctest.h>

#include <string_view>

namespace warren {
namespace {

using namespace std::string_view_literals;

TEST_CASE("addresses are read and written in their usual form") {
  for (const std::string_view text :
       {"0.0.0.0"sv, "192.0.2.1"sv, "255.255.255.255"sv, "::"sv, "::1"sv, "2001:db8::1"sv, "fe80::1:2"sv}) {
    CAPTURE(text);
    const Result<IpAddress> address = IpAddress::parse(text);
    REQUIRE(address);
    CHECK(address->to_string() == text);
    CHECK(address->is_v4() == !text.contains(':'));
    CHECK(IpAddress::from_bytes(address->bytes()) == *address);
  }
  CHECK(IpAddress::parse("2001:0DB8:0:0:0:0:0:1")->to_string() == "2001:db8::1");
}

TEST_CASE("what is no address is refused") {
  for (const std::string_view text :
       {""sv, "1"sv, "1.2.3"sv, "1.2.3.4.5"sv, "256.0.0.1"sv, "1.2.3.4 "sv, "01.2.3.4"sv, "1.2.3.4\0x"sv,
        ":"sv, ":::"sv, "1::2::3"sv, "fe80::1%eth0"sv, "[::1]"sv, "localhost"sv}) {
    CAPTURE(text);
    const Result<IpAddress> address = IpAddress::parse(text);
    REQUIRE_FALSE(address);
    CHECK(address.error() == Errc::kBadAddress);
  }
  CHECK_FALSE(IpAddress::from_bytes(Bytes(5)));
  CHECK_FALSE(IpAddress::from_bytes({}));
}

TEST_CASE("special addresses are known") {
  const auto parsed = [](std::string_view text) { return value_or_throw(IpAddress::parse(text)); };
  CHECK(parsed("127.9.9.9").is_loopback());
  CHECK(parsed("::1").is_loopback());
  CHECK_FALSE(parsed("::2").is_loopback());
  CHECK_FALSE(parsed("128.0.0.1").is_loopback());
  CHECK(parsed("0.0.0.0").is_unspecified());
  CHECK(parsed("::").is_unspecified());
  CHECK_FALSE(parsed("::1").is_unspecified());
  CHECK(parsed("169.254.1.1").is_link_local());
  CHECK(parsed("febf::1").is_link_local());
  CHECK_FALSE(parsed("fec0::1").is_link_local());
  CHECK_FALSE(parsed("169.253.1.1").is_link_local());
  for (const char* inside :
       {"10.255.0.1", "172.16.0.1", "172.31.255.1", "192.168.9.9", "fc00::1", "fdff::1"}) {
    CHECK(parsed(inside).is_private());
  }
  for (const char* outside :
       {"11.0.0.1", "172.32.0.1", "192.169.0.1", "127.0.0.1", "fe00::1", "2001:db8::1"}) {
    CHECK_FALSE(parsed(outside).is_private());
  }
}

TEST_CASE("an IPv4 address is not the IPv6 address with the same first bytes") {
  CHECK(IpAddress::v4({}) != IpAddress::v6({}));
  CHECK(IpAddress() == IpAddress::v4({}));
}

TEST_CASE("endpoints are written with brackets around IPv6") {
  CHECK(Endpoint{IpAddress::v4({192, 0, 2, 1}), 4001}.to_string() == "192.0.2.1:4001");
  CHECK(Endpoint{value_or_throw(IpAddress::parse("2001:db8::1")), 0}.to_string() == "[2001:db8::1]:0");
}

}  // namespace
}  // namespace warren
