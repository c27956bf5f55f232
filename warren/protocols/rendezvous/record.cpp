#include "warren/protocols/rendezvous/record.hpp"

#include "warren/base/assert.hpp"

namespace warren::rendezvous {

Result<PeerRecord> open_record(BytesView envelope) {
  auto usual = PeerRecord::open(envelope);
  if (usual || usual.error() == Errc::kPeerIdMismatch) return usual;
  const auto opened = SignedEnvelope::open(envelope, kRfcRecordDomain, as_bytes(kRfcRecordPayloadType));
  if (!opened) return usual;
  auto record = PeerRecord::decode(opened->payload);
  if (record && !record->peer_id.matches(opened->public_key)) return fail(Errc::kPeerIdMismatch);
  return record;
}

Bytes seal_as_rfc(const PeerRecord& record, const PrivateKey& key) {
  WARREN_ASSERT(record.peer_id.matches(key.public_key()));
  const Bytes payload = record.encode();
  return SignedEnvelope::seal(key, kRfcRecordDomain, as_bytes(kRfcRecordPayloadType), payload).encode();
}

}  // namespace warren::rendezvous
