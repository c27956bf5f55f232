// Peer records, unsigned (the payload) and signed (the envelope).

#include "warren/crypto/peer_record.hpp"
#include "warren/base/assert.hpp"

namespace warren {
namespace {

void check(const PeerRecord& record) {
  WARREN_ASSERT(!record.peer_id.empty());
  WARREN_ASSERT(record.addresses.size() <= kPeerRecordAddressesMax);
  WARREN_ASSERT(PeerRecord::decode(record.encode()) == record);
}

}  // namespace
}  // namespace warren

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace warren;
  const BytesView input(data, size);
  if (const auto record = PeerRecord::decode(input)) check(*record);
  if (const auto record = PeerRecord::open(input)) {
    check(*record);
    const auto envelope = SignedEnvelope::open(input, kPeerRecordDomain, kPeerRecordPayloadType);
    WARREN_ASSERT(envelope && record->peer_id.matches(envelope->public_key));
    WARREN_ASSERT(PeerRecord::decode(envelope->payload) == *record);
  }
  return 0;
}
