#include "warren/protocols/kad/wire/peer_record_validator.hpp"

#include "warren/base/protobuf_wire.hpp"
#include "warren/crypto/peer_record.hpp"

namespace warren::kad {
namespace {

constexpr std::uint32_t kEnvelopePayload = 3;
constexpr std::uint32_t kRecordAddress = 3;

// Of an envelope that was verified before; empty when it is none.
BytesView payload_of(BytesView envelope) {
  BytesView payload;
  ProtobufReader reader(envelope, ProtobufForm::kLenient);
  while (reader.next()) {
    if (reader.field() == kEnvelopePayload) payload = reader.bytes();
  }
  return reader.finish() ? payload : BytesView();
}

std::size_t count_addresses(BytesView payload) {
  std::size_t count = 0;
  ProtobufReader reader(payload, ProtobufForm::kLenient);
  while (reader.next()) {
    if (reader.field() == kRecordAddress) ++count;
  }
  return count;
}

}  // namespace

Result<WallTime> PeerRecordValidator::validate(BytesView key, BytesView value, WallTime now) const {
  if (value.size() > kPeerRecordValueSizeMax) return fail(Errc::kTooLarge);
  const auto peer = PeerId::from_bytes(record_key_rest(key));
  if (!peer) return fail(Errc::kBadRecord);
  const auto unverified = PeerRecord::decode(payload_of(value));  // cheap checks first
  if (!unverified || unverified->peer_id != *peer) return fail(Errc::kBadRecord);
  if (count_addresses(payload_of(value)) > kPeerRecordAddressesMax) return fail(Errc::kTooLarge);
  if (!PeerRecord::open(value)) return fail(Errc::kBadRecord);
  return now + kRecordLifeMax;
}

bool PeerRecordValidator::supersedes(BytesView, BytesView a, BytesView b) const {
  const auto first = PeerRecord::decode(payload_of(a));
  const auto second = PeerRecord::decode(payload_of(b));
  if (!first || !second) return first.has_value();
  return first->seq > second->seq;
}

}  // namespace warren::kad
