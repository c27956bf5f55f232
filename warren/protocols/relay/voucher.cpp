#include "warren/protocols/relay/voucher.hpp"

#include <chrono>

#include "warren/base/protobuf_wire.hpp"
#include "warren/crypto/signed_envelope.hpp"

namespace warren::relay {

namespace {

Result<Voucher> decode(BytesView payload) {
  Voucher voucher;
  BytesView relay, peer;
  ProtobufReader reader(payload, ProtobufForm::kCanonical);
  while (reader.next()) {
    switch (reader.field()) {
      case 1: relay = reader.bytes(); break;
      case 2: peer = reader.bytes(); break;
      case 3: voucher.expires = reader.varint(); break;
      default: reader.unknown();
    }
  }
  if (const auto end = reader.finish(); !end) return fail(end.error());
  const auto relay_id = PeerId::from_bytes(relay);
  const auto peer_id = PeerId::from_bytes(peer);
  if (!relay_id || !peer_id) return fail(Errc::kMalformed);
  voucher.relay = *relay_id;
  voucher.peer = *peer_id;
  return voucher;
}

}  // namespace

Bytes Voucher::seal(const PrivateKey& key) const {
  ProtobufWriter payload;
  payload.bytes(1, relay.bytes()).bytes(2, peer.bytes()).varint(3, expires);
  return SignedEnvelope::seal(key, kVoucherDomain, kVoucherPayloadType, payload.view()).encode();
}

Result<Voucher> Voucher::open(BytesView envelope) {
  const auto opened = SignedEnvelope::open(envelope, kVoucherDomain, kVoucherPayloadType);
  if (!opened) return fail(opened.error());
  auto voucher = decode(opened->payload);
  if (voucher && !voucher->relay.matches(opened->public_key)) return fail(Errc::kPeerIdMismatch);
  return voucher;
}

Result<Voucher> check_voucher(BytesView envelope, const PeerId& relay, const PeerId& peer, WallTime now) {
  auto voucher = Voucher::open(envelope);
  if (!voucher) return voucher;
  if (voucher->relay != relay || voucher->peer != peer) return fail(Errc::kPeerIdMismatch);
  const auto now_seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  if (now_seconds > 0 && voucher->expires <= static_cast<std::uint64_t>(now_seconds)) {
    return fail(Errc::kNotValidNow);
  }
  return voucher;
}

}  // namespace warren::relay
