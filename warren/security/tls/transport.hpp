// TLS 1.3 as the upgrader knows it: "/tls/1.0.0". https://github.com/libp2p/specs/blob/master/tls/tls.md
#pragma once

#include "warren/core/secure_channel.hpp"
#include "warren/env/random.hpp"
#include "warren/security/tls/channel.hpp"

namespace warren::tls {

inline constexpr std::string_view kProtocolId = "/tls/1.0.0";

class TlsTransport final : public SecureTransport {
 public:
  // Makes the certificate, which serves all connections, and has it signed by `host_key`, which is not needed
  // after that. `clock` outlives the transport; channels may outlive it.
  TlsTransport(const PrivateKey& host_key, Clock& clock, Random& random);

  ProtocolId id() const override { return ProtocolId(kProtocolId); }

  // What handshake() throws, having reset `raw`. The transport outlives the call.
  Task<std::unique_ptr<SecureChannel>> secure(StreamPtr raw, Side side, std::optional<PeerId> expected,
                                              std::vector<ProtocolId> muxers) override;

 private:
  Clock& clock_;
  Context context_;
  BufferPool pool_;
};

}  // namespace warren::tls
