// The handshake of libp2p's Noise over a pipe: three messages, in which both sides prove who they are.
// https://github.com/libp2p/specs/tree/master/noise
//
// Each message goes behind its size in two bytes, big-endian. The initiator is done when it has sent the last
// one and does not learn whether the responder liked it: when it did not, the initiator's first read on the
// channel meets the end or the reset of the pipe.
#pragma once

#include <optional>

#include "warren/async/offload.hpp"
#include "warren/core/secure_channel.hpp"
#include "warren/crypto/x25519.hpp"
#include "warren/env/random.hpp"
#include "warren/security/noise/cipher_state.hpp"
#include "warren/security/noise/payload.hpp"

namespace warren::noise {

// What a message of another peer may have. The largest honest one has 2.5 KiB (an RSA key of 8192 bits and
// its signature); a half-open handshake holds no more than this.
inline constexpr std::size_t kReceivedMessageMax = 8 * 1024;

// A node's static Noise key, and the proof that its identity key vouches for it. One serves all handshakes of
// a node's lifetime, because signing takes longer than a key agreement. Never stored.
struct Identity {
  X25519PrivateKey static_key;
  Bytes public_key;  // the PublicKey message
  Bytes signature;   // over signed_text(static_key)
  // SM2: stock peers hang up on seeing such a key, without a word.
  bool may_be_refused = false;

  static Identity create(const PrivateKey& host_key, Random& random);
};

// What the caller wants of one handshake.
struct Terms {
  std::optional<PeerId> expected;  // the other side must be this peer
  Extensions extensions;           // sent to the other side
};

// Whether this is how a pipe ends when the other side hangs up.
bool is_hang_up(std::error_code error);

// What came out.
struct Session {
  PublicKey remote_key;
  PeerId remote_peer;
  Extensions remote_extensions;
  std::optional<ProtocolId> muxer;  // agreed on through the extensions
  CipherState sending;
  CipherState receiving;
  // Set for an initiator whose Identity may be refused, which only its first read tells.
  bool may_be_refused = false;
};

// Takes part in the handshake as `side`, and reads nothing behind it. Throws:
//   kEndOfStream, kReset          the pipe ended;
//   kTooLarge                     a message over kReceivedMessageMax, a list over its limit;
//   kTruncated, kMalformed        not the messages that they should be;
//   kDecryptFailed, kBadKey       changed on the way, or made with a useless key;
//   kUnknownKeyType, kBadKeySize  the identity key is none that this node takes (PublicKey);
//   kPeerIdMismatch               another peer than terms.expected;
//   kBadSignature                 the static key is not vouched for by the identity key;
//   kHandshakeRefused             the initiator hung up on seeing our key, which may be refused;
//   kProtocolNotSupported         both sides list muxers, and have none in common.
// Leaves the pipe as it is then: the caller resets it. Signatures other than Ed25519's are verified
// through `offload`.
Task<Session> handshake(ByteStream& pipe, Side side, const Identity& self, Terms terms, Random& random,
                        Offload& offload);

// The muxer that two peers use: the first of the initiator's that the responder has too. None when one of
// them lists none; kProtocolNotSupported when both do and nothing matches.
// https://github.com/libp2p/specs/blob/master/connections/inlined-muxer-negotiation.md
Result<std::optional<ProtocolId>> choose_muxer(const std::vector<ProtocolId>& initiator,
                                               const std::vector<ProtocolId>& responder);

}  // namespace warren::noise
