// What libp2p says inside the second and third message of a Noise handshake: who the sender is, signed, and
// what else it offers. https://github.com/libp2p/specs/tree/master/noise#the-libp2p-handshake-payload
//
//   message NoiseExtensions { repeated bytes webtransport_certhashes = 1; repeated string stream_muxers = 2;
//   } message NoiseHandshakePayload {
//     optional bytes identity_key = 1; optional bytes identity_sig = 2; optional NoiseExtensions extensions =
//     4;
//   }
#pragma once

#include <vector>

#include "warren/base/bytes.hpp"
#include "warren/core/secure_channel.hpp"

namespace warren::noise {

// What a peer may list. Nodes announce one or two of each; go-libp2p stops reading at 100 muxers.
inline constexpr std::size_t kStreamMuxersMax = 32;
inline constexpr std::size_t kStreamMuxerSizeMax = 128;  // bytes of one protocol ID
inline constexpr std::size_t kCerthashesMax = 32;
inline constexpr std::size_t kCerthashSizeMax = 128;  // a multihash; that of SHA-512 has 66 bytes

struct Extensions {
  std::vector<Bytes> webtransport_certhashes;  // multihashes of the responder's TLS certificates
  std::vector<ProtocolId> stream_muxers;       // best first

  bool empty() const { return webtransport_certhashes.empty() && stream_muxers.empty(); }
  bool operator==(const Extensions&) const = default;
};

struct Payload {
  Bytes identity_key;  // the PublicKey message
  Bytes identity_sig;  // over signed_text(static key)
  Extensions extensions;

  Bytes encode() const;

  // Fields in any order, unknown ones ignored. kMalformed: no protobuf message, or without a key or a
  // signature; kTooLarge: a list over its limit.
  static Result<Payload> decode(BytesView bytes);

  bool operator==(const Payload&) const = default;
};

// What the identity key signs: `noise-libp2p-static-key:`, then the 32 bytes of the static X25519 key.
Bytes signed_text(BytesView static_key);

}  // namespace warren::noise
