#include "warren/node/stun_servers.hpp"

#include <doctest/doctest.h>

namespace warren {

TEST_CASE("a STUN server is an address or a name, with or without a port") {
  const auto ip4 = value_or_throw(parse_server("192.0.2.1:5000"));
  CHECK(std::get<IpAddress>(ip4.host).to_string() == "192.0.2.1");
  CHECK(ip4.port == 5000);
  const auto ip6 = value_or_throw(parse_server("[2001:db8::1]"));
  CHECK(std::get<IpAddress>(ip6.host).to_string() == "2001:db8::1");
  CHECK(ip6.port == 3478);
  const auto name = value_or_throw(parse_server("stun.example:19302"));
  CHECK(std::get<std::string>(name.host) == "stun.example");
  CHECK(name.port == 19302);
}

TEST_CASE("what names no server is refused") {
  for (const char* text : {"", ":3478", "name:", "name:0", "name:65536", "name:12x", "[2001:db8::1", "[x]:1",
                           "2001:db8::1", "two words", "[2001:db8::1]3478"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_server(text).has_value());
  }
}

}  // namespace warren
