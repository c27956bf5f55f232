// Reservation voucher: a relay's signed word that it serves a peer until then. Advisory so far: nobody asks
// to see one. https://github.com/libp2p/specs/blob/master/relay/circuit-v2.md#reservation-vouchers
#pragma once

#include <array>

#include "warren/base/time.hpp"
#include "warren/crypto/peer_id.hpp"

namespace warren::relay {

inline constexpr std::string_view kVoucherDomain = "libp2p-relay-rsvp";
inline constexpr std::array<std::uint8_t, 2> kVoucherPayloadType = {0x03, 0x02};

struct Voucher {
  PeerId relay;
  PeerId peer;                // who holds the reservation
  std::uint64_t expires = 0;  // Unix time, seconds
  bool operator==(const Voucher&) const = default;

  // A signed envelope; `key` is the relay's.
  Bytes seal(const PrivateKey& key) const;
  // The voucher in this envelope, whose signature is good and whose signer is the relay it names.
  // kBadSignature, kPeerIdMismatch (signed by somebody else), kMalformed.
  static Result<Voucher> open(BytesView envelope);
};

// Whether the envelope says that `relay` serves `peer` at `now`: what open() fails with, kPeerIdMismatch for
// another relay or peer, kNotValidNow when it has expired.
Result<Voucher> check_voucher(BytesView envelope, const PeerId& relay, const PeerId& peer, WallTime now);

}  // namespace warren::relay
