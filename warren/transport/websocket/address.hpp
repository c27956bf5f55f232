// WebSocket's addresses: an IP address, a TCP port (80, with TLS 443, unless given), then /ws, or one of
// /tls/ws, /tls/sni/NAME/ws and /wss. https://github.com/libp2p/specs/blob/master/websockets/README.md
#pragma once

#include <optional>
#include <string>

#include "warren/env/endpoint.hpp"
#include "warren/multiformats/multiaddr.hpp"

namespace warren::websocket {

struct Address {
  Endpoint endpoint;
  bool secure = false;
  std::optional<std::string> name;  // the server's, of /sni

  // kBadAddress for anything else.
  static Result<Address> of(const Multiaddr& address);

  // /wss becomes /tls/ws.
  Multiaddr to_multiaddr() const;

  // Whom the server's certificate must be for: the name, or the IP address.
  std::string host() const { return name ? *name : endpoint.address.to_string(); }
  // The same with the port, as an HTTP request names it (RFC 9110, section 7.2).
  std::string host_header() const;

  bool operator==(const Address&) const = default;
};

}  // namespace warren::websocket
