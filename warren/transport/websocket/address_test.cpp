#include "warren/transport/websocket/address.hpp"

#include <doctest/doctest.h>

namespace warren::websocket {
namespace {

Multiaddr multiaddr(const char* text) {
  return value_or_throw(Multiaddr::parse(text), text);
}

TEST_CASE("addresses of WebSocket, what they become and what is asked there") {
  struct Row {
    const char* address;
    const char* normal;
    bool secure;
    const char* host;
    const char* host_header;
  };
  const Row rows[] = {
      {"/ip4/192.0.2.1/tcp/4001/ws", "/ip4/192.0.2.1/tcp/4001/ws", false, "192.0.2.1", "192.0.2.1:4001"},
      {"/ip4/192.0.2.1/ws", "/ip4/192.0.2.1/tcp/80/ws", false, "192.0.2.1", "192.0.2.1"},
      {"/ip4/192.0.2.1/tcp/443/ws", "/ip4/192.0.2.1/tcp/443/ws", false, "192.0.2.1", "192.0.2.1:443"},
      {"/ip6/2001:db8::1/tcp/80/ws", "/ip6/2001:db8::1/tcp/80/ws", false, "2001:db8::1", "[2001:db8::1]"},
      {"/ip4/192.0.2.1/tcp/443/tls/ws", "/ip4/192.0.2.1/tcp/443/tls/ws", true, "192.0.2.1", "192.0.2.1"},
      {"/ip4/192.0.2.1/tcp/80/wss", "/ip4/192.0.2.1/tcp/80/tls/ws", true, "192.0.2.1", "192.0.2.1:80"},
      {"/ip6/2001:db8::1/wss", "/ip6/2001:db8::1/tcp/443/tls/ws", true, "2001:db8::1", "[2001:db8::1]"},
      {"/ip4/192.0.2.1/tls/ws", "/ip4/192.0.2.1/tcp/443/tls/ws", true, "192.0.2.1", "192.0.2.1"},
      {"/ip4/192.0.2.1/tcp/4001/tls/sni/a.example/ws", "/ip4/192.0.2.1/tcp/4001/tls/sni/a.example/ws", true,
       "a.example", "a.example:4001"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.address);
    const auto address = Address::of(multiaddr(row.address));
    REQUIRE(address.has_value());
    CHECK(address->to_multiaddr().to_string() == row.normal);
    CHECK((Address::of(address->to_multiaddr()) == address));
    CHECK(address->secure == row.secure);
    CHECK(address->host() == row.host);
    CHECK(address->host_header() == row.host_header);
  }
}

TEST_CASE("addresses of others") {
  CHECK((Address::of(Multiaddr()).error() == Errc::kBadAddress));
  for (const char* text :
       {"/ip4/192.0.2.1", "/ip4/192.0.2.1/tcp/1", "/ip4/192.0.2.1/tcp/1/tls", "/ip4/192.0.2.1/udp/1/ws",
        "/ip4/192.0.2.1/tcp/1/ws/ws", "/ip4/192.0.2.1/tcp/1/tls/wss", "/ip4/192.0.2.1/tcp/1/sni/a.example/ws",
        "/ip4/192.0.2.1/tcp/1/ws/tls", "/dns4/a.example/tcp/1/ws", "/tcp/1/ws", "/ip4/192.0.2.1/tls/tcp/1/ws",
        "/ip4/192.0.2.1/tcp/1/tls/sni/a.example", "/ip4/192.0.2.1/tcp/1/ws/p2p-circuit",
        "/ip4/192.0.2.1/tcp/1/tls/sni/a.example/sni/b.example/ws"}) {
    CAPTURE(text);
    CHECK((Address::of(multiaddr(text)).error() == Errc::kBadAddress));
  }
}

}  // namespace
}  // namespace warren::websocket
