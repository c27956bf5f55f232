// The datagrams of a spray. Nobody can make one who has not heard both sides' tokens over the relayed,
// secured connection, so strangers' datagrams mean nothing; and one of an earlier spray means nothing in the
// next.
//
//   u8     8: opener, 9: probe, 10: answer. First bits 00, so QUIC leaves it alone, and none of the values
//   that
//          STUN, DTLS, TURN and RTP begin with (RFC 9443)
//   u8[16] the first bytes of SHA-256("warren punch", opening side's token, probing side's token, that u8)
#pragma once

#include <optional>

#include "warren/protocols/spray/message.hpp"

namespace warren::spray {

enum class ProbeKind : std::uint8_t {
  kOpener = 8,   // from the hard side: opens its NAT; seldom arrives
  kProbe = 9,    // from the easy side, to a port that may be one
  kAnswer = 10,  // from the hard side: that was one
};

struct Secret {
  Token opening{};  // of the side that opens sockets
  Token probing{};
};

Bytes encode_probe(const Secret& secret, ProbeKind kind);
// Nothing: it is something else, or of others.
std::optional<ProbeKind> decode_probe(const Secret& secret, BytesView datagram);

}  // namespace warren::spray
