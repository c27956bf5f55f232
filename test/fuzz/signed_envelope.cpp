// Signed envelopes. One that opens is encoded again to an envelope that says the same, and opens under no
// other domain and as no other type.

#include "warren/base/assert.hpp"
#include "warren/crypto/peer_record.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace warren;
  constexpr std::string_view kDomain = kPeerRecordDomain;
  constexpr std::array<std::uint8_t, 2> kType = kPeerRecordPayloadType;
  constexpr std::array<std::uint8_t, 2> kOtherType = {0x03, 0x10};
  const BytesView input(data, size);
  const auto envelope = SignedEnvelope::open(input, kDomain, kType);
  if (!envelope) return 0;
  WARREN_ASSERT(input.size() <= kEnvelopeSizeMax);
  const auto again = SignedEnvelope::open(envelope->encode(), kDomain, kType);
  WARREN_ASSERT(again && again->public_key == envelope->public_key && again->payload == envelope->payload &&
                again->signature == envelope->signature);
  WARREN_ASSERT(!SignedEnvelope::open(input, "another-domain", kType));
  WARREN_ASSERT(!SignedEnvelope::open(input, kDomain, kOtherType));
  return 0;
}
