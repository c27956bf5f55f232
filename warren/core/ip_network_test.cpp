#include "warren/core/ip_network.hpp"

#include <doctest/doctest.h>

#include "warren/core/test_values.hpp"

using namespace warren;
using namespace warren::testing;

TEST_CASE("what comes after the prefix is zero") {
  CHECK(masked(ip("192.0.2.255"), 32) == ip("192.0.2.255"));
  CHECK(masked(ip("192.0.2.255"), 29) == ip("192.0.2.248"));
  CHECK(masked(ip("192.0.2.255"), 0) == ip("0.0.0.0"));
  CHECK(masked(ip("2001:db8::ffff"), 124) == ip("2001:db8::fff0"));
}

TEST_CASE("an owner has an IPv4 /24 or an IPv6 /48, an operator an IPv4 /16 or an IPv6 /32") {
  CHECK(site_of(ip("192.0.2.77")) == ip("192.0.2.0"));
  CHECK(site_of(ip("2001:db8:1:2::3")) == ip("2001:db8:1::"));
  CHECK(operator_network_of(ip("192.0.99.7")) == ip("192.0.0.0"));
  CHECK(operator_network_of(ip("192.1.99.7")) != ip("192.0.0.0"));
  CHECK(operator_network_of(ip("2001:db8:1:2::3")) == ip("2001:db8::"));
  CHECK(operator_network_of(ip("2001:db9::3")) != ip("2001:db8::"));
}
