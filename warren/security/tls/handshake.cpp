#include "warren/security/tls/handshake.hpp"

#include "warren/base/assert.hpp"
#include "warren/security/tls/record_pipe.hpp"

namespace warren::tls {

Task<Session> handshake(ByteStream& pipe, Side side, Context& context, std::optional<PeerId> expected,
                        std::vector<ProtocolId> muxers, BufferPool pool, Clock& clock) {
  Negotiation negotiation{std::move(expected), std::move(muxers), clock.wall_now(), {}, {}, {}, {}};
  auto records = std::make_unique<Records>(context.connect(side, &negotiation), std::move(pool));
  co_await shake_hands(pipe, *records, negotiation.verdict, kHandshakeSizeMax, clock);
  WARREN_ASSERT(negotiation.remote_key);  // OpenSSL has asked whether the peer is the right one
  auto muxer = value_or_throw(conclude(records->ssl()), "ALPN");
  co_return Session{std::move(*negotiation.remote_key), std::move(negotiation.remote_peer), std::move(muxer),
                    std::move(records)};
}

}  // namespace warren::tls
