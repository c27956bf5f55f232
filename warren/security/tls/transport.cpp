#include "warren/security/tls/transport.hpp"

namespace warren::tls {

TlsTransport::TlsTransport(const PrivateKey& host_key, Clock& clock, Random& random)
    : clock_(clock), context_(make_certificate(host_key, clock.wall_now(), random)) {}

Task<std::unique_ptr<SecureChannel>> TlsTransport::secure(StreamPtr raw, Side side,
                                                          std::optional<PeerId> expected,
                                                          std::vector<ProtocolId> muxers) {
  // Whatever goes wrong here, `raw` goes with this coroutine, and a stream that is destroyed is reset.
  Session session =
      co_await handshake(*raw, side, context_, std::move(expected), std::move(muxers), pool_, clock_);
  co_return std::make_unique<Channel>(std::move(raw), std::move(session));
}

}  // namespace warren::tls
