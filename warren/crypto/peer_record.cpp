#include "warren/crypto/peer_record.hpp"

#include "warren/base/assert.hpp"
#include "warren/base/protobuf_wire.hpp"

namespace warren {
namespace {

constexpr std::uint32_t kPeerIdField = 1;
constexpr std::uint32_t kSeqField = 2;
constexpr std::uint32_t kAddressesField = 3;
constexpr std::uint32_t kMultiaddrField = 1;  // of AddressInfo

Result<Multiaddr> read_address(BytesView message) {
  BytesView address;
  ProtobufReader reader(message, ProtobufForm::kLenient);
  while (reader.next()) {
    if (reader.field() == kMultiaddrField) address = reader.bytes();
  }
  if (const auto end = reader.finish(); !end) return fail(end.error());
  return Multiaddr::from_bytes(address);
}

}  // namespace

Bytes PeerRecord::encode() const {
  ProtobufWriter writer;
  writer.bytes(kPeerIdField, peer_id.bytes());
  if (seq != 0) writer.varint(kSeqField, seq);
  for (const Multiaddr& address : addresses) {
    writer.bytes(kAddressesField, ProtobufWriter().bytes(kMultiaddrField, address.bytes()).view());
  }
  return writer.take();
}

Result<PeerRecord> PeerRecord::decode(BytesView payload) {
  PeerRecord record;
  BytesView id;
  std::size_t addresses_seen = 0;  // unreadable ones count too, so that they bound the work
  ProtobufReader reader(payload, ProtobufForm::kLenient);
  while (reader.next()) {
    switch (reader.field()) {
      case kPeerIdField: id = reader.bytes(); break;
      case kSeqField: record.seq = reader.varint(); break;
      case kAddressesField: {
        const BytesView message = reader.repeated_bytes();
        if (++addresses_seen > kPeerRecordAddressesMax) break;
        if (auto address = read_address(message)) record.addresses.push_back(std::move(*address));
        break;
      }
      default: reader.unknown();
    }
  }
  if (const auto end = reader.finish(); !end) return fail(end.error());
  const auto peer_id = PeerId::from_bytes(id);
  if (!peer_id) return fail(peer_id.error());
  record.peer_id = *peer_id;
  return record;
}

Bytes PeerRecord::seal(const PrivateKey& key) const {
  WARREN_ASSERT(peer_id.matches(key.public_key()));
  return SignedEnvelope::seal(key, kPeerRecordDomain, kPeerRecordPayloadType, encode()).encode();
}

Result<PeerRecord> PeerRecord::open(BytesView envelope) {
  const auto opened = SignedEnvelope::open(envelope, kPeerRecordDomain, kPeerRecordPayloadType);
  if (!opened) return fail(opened.error());
  auto record = decode(opened->payload);
  if (record && !record->peer_id.matches(opened->public_key)) return fail(Errc::kPeerIdMismatch);
  return record;
}

}  // namespace warren
