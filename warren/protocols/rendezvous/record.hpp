// Peer records as rendezvous meets them: rust-libp2p registers, and understands, those with the two constants
// of the RFC's text, which nobody else uses (crypto/peer_record.hpp).
// https://github.com/libp2p/specs/blob/master/RFC/0003-routing-records.md
#pragma once

#include "warren/crypto/peer_record.hpp"

namespace warren::rendezvous {

inline constexpr std::string_view kRfcRecordDomain = "libp2p-routing-state";
inline constexpr std::string_view kRfcRecordPayloadType = "/libp2p/routing-state-record";

// Verifies a record of either form. As PeerRecord::open().
Result<PeerRecord> open_record(BytesView envelope);

// The encoded envelope in the RFC's form. Precondition: the record's peer_id is that of the key.
Bytes seal_as_rfc(const PeerRecord& record, const PrivateKey& key);

}  // namespace warren::rendezvous
