// Peer record: a peer's own addresses, signed by it and numbered. What is deployed differs from the RFC in
// two constants: domain `libp2p-peer-record` and payload type 03 01 (the RFC's text says
// libp2p-routing-state). https://github.com/libp2p/specs/blob/master/RFC/0003-routing-records.md
#pragma once

#include "warren/base/bytes.hpp"
#include "warren/crypto/peer_id.hpp"
#include "warren/crypto/signed_envelope.hpp"
#include "warren/multiformats/multiaddr.hpp"

namespace warren {

inline constexpr std::string_view kPeerRecordDomain = "libp2p-peer-record";
inline constexpr std::array<std::uint8_t, 2> kPeerRecordPayloadType = {0x03, 0x01};
inline constexpr std::size_t kPeerRecordAddressesMax =
    64;  // further ones are ignored; nodes announce 5 to 20

struct PeerRecord {
  PeerId peer_id;
  std::uint64_t seq = 0;  // a newer record has a higher one; usually Unix time, never to be read as such
  std::vector<Multiaddr> addresses;

  // The encoded envelope. Precondition: peer_id is that of the key.
  Bytes seal(const PrivateKey& key) const;
  // Verifies the envelope and that the signer is peer_id (kPeerIdMismatch). Addresses of protocols that this
  // node does not know are left out.
  static Result<PeerRecord> open(BytesView envelope);

  // The payload alone, unsigned.
  Bytes encode() const;
  static Result<PeerRecord> decode(BytesView payload);

  bool operator==(const PeerRecord&) const = default;
};

}  // namespace warren
