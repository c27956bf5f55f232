// The handshake of TLS over a pipe, in which both sides prove who they are.
// https://github.com/libp2p/specs/blob/master/tls/tls.md#handshake-protocol
//
// The initiator is done when it has sent its certificate and does not learn whether the responder liked it:
// when it did not, the initiator's first read on the channel meets an alert, or the end of the pipe.
#pragma once

#include "warren/env/clock.hpp"
#include "warren/security/tls/context.hpp"
#include "warren/security/tls/records.hpp"

namespace warren::tls {

// What a peer may send before we know who it is. The largest that is seen has 4 KiB (keys of RSA).
inline constexpr std::size_t kHandshakeSizeMax = 32 * 1024;

// What came out.
struct Session {
  PublicKey remote_key;
  PeerId remote_peer;
  std::optional<ProtocolId> muxer;  // agreed on through ALPN
  std::unique_ptr<Records> records;
};

// Takes part in the handshake as `side`. Throws:
//   kEndOfStream, kReset       the pipe ended;
//   kPeerIdMismatch            another peer than `expected`;
//   kTooLarge                  more than kHandshakeSizeMax;
//   kHandshakeRefused...       last_error() (ssl.hpp);
//   kMalformed, kBadKey, kBadSignature, kNotValidNow, kUnknownKeyType...   verify_certificates().
// The other side has been told why, as far as TLS has words for it. Leaves the pipe as it is then: the caller
// resets it.
Task<Session> handshake(ByteStream& pipe, Side side, Context& context, std::optional<PeerId> expected,
                        std::vector<ProtocolId> muxers, BufferPool pool, Clock& clock);

}  // namespace warren::tls
