// Joins GnuTLS to the QUIC library: handshake messages, keys, alerts and QUIC's transport parameters go from
// one to the other. Written out here, since ngtcp2 0.12's own glue offers other peers to leave out the bit
// that tells QUIC packets from STUN's (RFC 9287), and STUN shares our sockets. For tls_session.cpp only.
#pragma once

#include <gnutls/gnutls.h>

#include "warren/base/bytes.hpp"

struct ngtcp2_conn;

namespace warren::quic {

// The connection of a session, which GnuTLS's user pointer leads to.
ngtcp2_conn* connection_of(gnutls_session_t session);

// False: GnuTLS refuses.
bool join_libraries(gnutls_session_t session);

// Encoded transport parameters (RFC 9000, section 18) without "grease_quic_bit".
Bytes without_grease(BytesView parameters);

}  // namespace warren::quic
