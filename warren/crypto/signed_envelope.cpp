#include "warren/crypto/signed_envelope.hpp"

#include "warren/base/assert.hpp"
#include "warren/base/protobuf_wire.hpp"
#include "warren/base/writer.hpp"

namespace warren {
namespace {

constexpr std::uint32_t kPublicKeyField = 1;
constexpr std::uint32_t kPayloadTypeField = 2;
constexpr std::uint32_t kPayloadField = 3;
constexpr std::uint32_t kSignatureField = 5;

Bytes signed_bytes(std::string_view domain, BytesView payload_type, BytesView payload) {
  return Writer().delimited(as_bytes(domain)).delimited(payload_type).delimited(payload).take();
}

}  // namespace

SignedEnvelope SignedEnvelope::seal(const PrivateKey& key, std::string_view domain, BytesView payload_type,
                                    BytesView payload) {
  WARREN_ASSERT(!domain.empty() && !payload_type.empty());
  return {key.public_key(), to_bytes(payload_type), to_bytes(payload),
          key.sign(signed_bytes(domain, payload_type, payload))};
}

Result<SignedEnvelope> SignedEnvelope::open(BytesView bytes, std::string_view domain,
                                            BytesView payload_type) {
  WARREN_ASSERT(!domain.empty() && !payload_type.empty());
  if (bytes.size() > kEnvelopeSizeMax) return fail(Errc::kTooLarge);
  BytesView key_message, type, payload, signature;
  // Lenient: the signature is over the fields' contents, not over this message.
  ProtobufReader reader(bytes, ProtobufForm::kLenient);
  while (reader.next()) {
    switch (reader.field()) {
      case kPublicKeyField: key_message = reader.bytes(); break;
      case kPayloadTypeField: type = reader.bytes(); break;
      case kPayloadField: payload = reader.bytes(); break;
      case kSignatureField: signature = reader.bytes(); break;
      default: reader.unknown();
    }
  }
  if (const auto end = reader.finish(); !end) return fail(end.error());
  if (!equal(type, payload_type)) return fail(Errc::kMalformed);
  auto key = PublicKey::from_protobuf(key_message);
  if (!key) return fail(key.error());
  if (!key->verify(signed_bytes(domain, type, payload), signature)) return fail(Errc::kBadSignature);
  return SignedEnvelope{std::move(*key), to_bytes(type), to_bytes(payload), to_bytes(signature)};
}

Bytes SignedEnvelope::encode() const {
  return ProtobufWriter()
      .bytes(kPublicKeyField, public_key.to_protobuf())
      .bytes(kPayloadTypeField, payload_type)
      .bytes(kPayloadField, payload)
      .bytes(kSignatureField, signature)
      .take();
}

}  // namespace warren
