// WebSocket over TCP, in the open (/ws) and over the web's TLS (/tls/ws, /wss): for who gets through nothing
// but a web proxy, and for browsers. What it yields are raw pipes: who the peer is, the upgrader finds out.
// https://github.com/libp2p/specs/blob/master/websockets/README.md
#pragma once

#include <memory>
#include <optional>

#include "warren/core/transport.hpp"
#include "warren/env/env.hpp"
#include "warren/security/tls/web.hpp"
#include "warren/transport/websocket/config.hpp"

namespace warren::websocket {

class WebsocketTransport final : public Transport {
 public:
  // `env` outlives the transport and its connections.
  WebsocketTransport(Env& env, WebsocketConfig config);
  ~WebsocketTransport() override;

  bool handles(const Multiaddr& address) const override;

  // The handshakes included. Throws besides what TCP does: kUntrustedCertificate, kWrongServerName,
  // kNotValidNow for the server's certificate; kProtocolNotSupported (a web server without a WebSocket there)
  // or kMalformed (something else).
  Task<RawConnection> dial(Multiaddr address) override;

  // kNoCertificate: /tls/ws without `tls`; kBadConfig: with files that are no certificate and its key (the
  // log says more). The pipes that its accept() returns do their handshakes when they are first used. The
  // listeners, and those handshakes, must not outlive the transport.
  Result<std::unique_ptr<TransportListener>> listen(const Multiaddr& address) override;

 private:
  class Listener;

  Env& env_;
  std::optional<tls::WebServer> server_;
  tls::WebClient client_;
  BufferPool pool_;
};

}  // namespace warren::websocket
