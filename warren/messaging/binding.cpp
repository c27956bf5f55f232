#include "warren/messaging/binding.hpp"

#include "warren/base/assert.hpp"
#include "warren/messaging/canonical.hpp"

namespace warren {
namespace {

constexpr std::uint64_t kBindingVersion = 1;
constexpr std::size_t kNetworkNameMax = 63;
constexpr std::size_t kPeerKeyMax = 2048;
constexpr std::size_t kPeerSignatureMax = 1024;
constexpr std::size_t kSuitesMax = 16;

// The fields as they are on the wire, before anybody looks into the keys.
struct BindingFields {
  std::uint64_t version = 0;
  std::string network;
  std::array<std::uint8_t, kSm2KeySize> node_key{};
  BytesView peer_key;
  std::uint64_t serial = 0;
  std::uint64_t not_before_ms = 0;
  std::uint64_t not_after_ms = 0;
  Bytes kem_x25519;
  Bytes kem_sm2;
  Bytes suites;
};

void read_field(ProtobufReader& reader, BindingFields& fields) {
  switch (reader.field()) {
    case 1: fields.version = read_number(reader); break;
    case 2: fields.network = read_text(reader, kNetworkNameMax); break;
    case 3: fields.node_key = read_array<kSm2KeySize>(reader); break;
    case 4: fields.peer_key = read_bytes(reader, kPeerKeyMax); break;
    case 5: fields.serial = read_number(reader); break;
    case 6: fields.not_before_ms = read_number(reader); break;
    case 7: fields.not_after_ms = read_number(reader); break;
    case 8: fields.kem_x25519 = to_bytes(read_array<32>(reader)); break;
    case 9: fields.kem_sm2 = to_bytes(read_array<kSm2KeySize>(reader)); break;
    case 10: fields.suites = to_bytes(read_bytes(reader, kSuitesMax)); break;
    default: reader.unknown();
  }
}

bool is_complete(const BindingFields& fields) {
  return is_network_name(fields.network) && fields.serial != 0 && fields.not_before_ms != 0 &&
         fields.not_after_ms != 0 && fields.not_before_ms <= kUnixMsMax &&
         fields.not_after_ms <= kUnixMsMax &&
         std::ranges::adjacent_find(fields.suites, std::greater_equal()) == fields.suites.end();
}

Bytes binding_and_signature(const SignedBinding& signed_binding) {
  Bytes message = signed_binding.binding;
  append(message, signed_binding.sm2_signature);
  return with_domain(kBindingDomain, message);
}

}  // namespace

bool is_network_name(std::string_view name) {
  const auto is_alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  const auto is_allowed = [&](char c) { return is_alphanumeric(c) || c == '.' || c == '-' || c == '_'; };
  return !name.empty() && name.size() <= kNetworkNameMax && is_alphanumeric(name.front()) &&
         std::ranges::all_of(name, is_allowed);
}

Bytes Binding::encode() const {
  ProtobufWriter writer;
  write_number(writer, 1, kBindingVersion);
  write_text(writer, 2, network);
  write_bytes(writer, 3, node.key_bytes());
  write_bytes(writer, 4, peer_key.to_protobuf());
  write_number(writer, 5, serial);
  write_number(writer, 6, static_cast<std::uint64_t>(unix_ms(not_before)));
  write_number(writer, 7, static_cast<std::uint64_t>(unix_ms(not_after)));
  write_bytes(writer, 8, kem_x25519);
  write_bytes(writer, 9, kem_sm2);
  write_bytes(writer, 10, suites);
  return writer.take();
}

Result<Binding> Binding::decode(BytesView bytes) {
  if (bytes.size() > kSignedBindingSizeMax) return fail(Errc::kTooLarge);
  BindingFields fields;
  ProtobufReader reader(bytes, ProtobufForm::kCanonical);
  while (reader.next()) read_field(reader, fields);
  if (const auto end = reader.finish(); !end) return fail(end.error());
  if (fields.version != kBindingVersion) return fail(Errc::kUnsupported);
  if (!is_complete(fields)) return fail(Errc::kMalformed);
  auto node = NodeId::from_key_bytes(fields.node_key);
  if (!node) return fail(node.error());
  auto peer_key = PublicKey::from_protobuf(fields.peer_key);
  if (!peer_key) return fail(peer_key.error());
  return Binding{.network = std::move(fields.network),
                 .node = *node,
                 .peer_key = std::move(*peer_key),
                 .serial = fields.serial,
                 .not_before = from_unix_ms(static_cast<std::int64_t>(fields.not_before_ms)),
                 .not_after = from_unix_ms(static_cast<std::int64_t>(fields.not_after_ms)),
                 .kem_x25519 = std::move(fields.kem_x25519),
                 .kem_sm2 = std::move(fields.kem_sm2),
                 .suites = std::move(fields.suites)};
}

SignedBinding SignedBinding::make(const Binding& binding, const Sm2PrivateKey& node_key,
                                  const PrivateKey& peer_key) {
  WARREN_ASSERT(binding.node == NodeId(node_key.public_key()));
  WARREN_ASSERT(binding.peer_key == peer_key.public_key());
  SignedBinding result{.binding = binding.encode()};
  result.sm2_signature = node_key.sign(kBindingDomain, result.binding);
  result.peer_signature = peer_key.sign(binding_and_signature(result));
  return result;
}

Bytes SignedBinding::encode() const {
  ProtobufWriter writer;
  write_bytes(writer, 1, binding);
  write_bytes(writer, 2, sm2_signature);
  write_bytes(writer, 3, peer_signature);
  return writer.take();
}

Result<SignedBinding> SignedBinding::decode(BytesView bytes) {
  if (bytes.size() > kSignedBindingSizeMax) return fail(Errc::kTooLarge);
  SignedBinding result;
  bool has_signature = false;
  ProtobufReader reader(bytes, ProtobufForm::kCanonical);
  while (reader.next()) {
    switch (reader.field()) {
      case 1: result.binding = to_bytes(read_bytes(reader, kSignedBindingSizeMax)); break;
      case 2:
        result.sm2_signature = read_array<kSm2SignatureSize>(reader);
        has_signature = true;
        break;
      case 3: result.peer_signature = to_bytes(read_bytes(reader, kPeerSignatureMax)); break;
      default: reader.unknown();
    }
  }
  if (const auto end = reader.finish(); !end) return fail(end.error());
  if (result.binding.empty() || !has_signature || result.peer_signature.empty())
    return fail(Errc::kMalformed);
  return result;
}

Result<> verify_binding(const SignedBinding& signed_binding, const Binding& binding,
                        const BindingCheck& check) {
  if (binding.network != check.network) return fail(Errc::kWrongNetwork);
  if (binding.peer() != check.peer) return fail(Errc::kBindingMismatch);
  if (binding.not_after <= binding.not_before) return fail(Errc::kMalformed);
  if (binding.not_after - binding.not_before > kBindingLifetimeMax) return fail(Errc::kMalformed);
  if (check.now < binding.not_before - kBindingClockTolerance) return fail(Errc::kClockSkew);
  if (check.now > binding.not_after + kBindingClockTolerance) return fail(Errc::kStaleBinding);
  if (binding.serial < check.serial_min) return fail(Errc::kStaleBinding);
  if (!binding.peer_key.verify(binding_and_signature(signed_binding), signed_binding.peer_signature)) {
    return fail(Errc::kBadSignature);
  }
  if (!binding.node.public_key().verify(kBindingDomain, signed_binding.binding,
                                        signed_binding.sm2_signature)) {
    return fail(Errc::kBadSignature);
  }
  return {};
}

}  // namespace warren
