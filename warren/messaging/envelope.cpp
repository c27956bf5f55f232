#include "warren/messaging/envelope.hpp"

#include "warren/base/assert.hpp"
#include "warren/messaging/canonical.hpp"

namespace warren {
namespace {

constexpr std::uint64_t kEnvelopeVersion = 1;
constexpr std::size_t kContextMax = 255;
constexpr std::size_t kEncMax = 128;
constexpr std::uint64_t kTtlMaxMs = std::chrono::milliseconds(std::chrono::days(7)).count();

struct HeaderFields {
  Header header;
  std::uint64_t version = 0;
  std::uint64_t hash = 0;
  std::uint64_t kind = 0;
  std::uint64_t timestamp_ms = 0;
  std::uint64_t ttl_ms = 0;
  std::uint32_t seen = 0;  // bit n: field n was there
};

void read_field(ProtobufReader& reader, HeaderFields& fields) {
  Header& header = fields.header;
  if (reader.field() < 32) fields.seen |= 1u << reader.field();
  switch (reader.field()) {
    case 1: fields.version = read_number(reader); break;
    case 2: header.sender = read_array<kSm2KeySize>(reader); break;
    case 3: header.recipient = read_array<kSm2KeySize>(reader); break;
    case 4: header.context = read_text(reader, kContextMax); break;
    case 5: fields.timestamp_ms = read_number(reader); break;
    case 6: header.nonce = read_array<16>(reader); break;
    case 7: header.epoch = read_array<8>(reader); break;
    case 8: header.seq = read_number(reader); break;
    case 9: fields.hash = read_number(reader); break;
    case 10: header.suite = read_number(reader); break;
    case 11: header.enc = to_bytes(read_bytes(reader, kEncMax)); break;
    case 12: fields.kind = read_number(reader); break;
    case 13: header.reply_to = read_array<32>(reader); break;
    case 14: fields.ttl_ms = read_number(reader); break;
    default: reader.unknown();
  }
}

bool is_complete(const HeaderFields& fields) {
  constexpr std::uint32_t kRequired =
      1u << 1 | 1u << 2 | 1u << 4 | 1u << 5 | 1u << 6 | 1u << 7 | 1u << 8 | 1u << 9 | 1u << 12;
  if ((fields.seen & kRequired) != kRequired) return false;
  if (fields.timestamp_ms > kUnixMsMax || fields.ttl_ms > kTtlMaxMs) return false;
  const auto kind = static_cast<MessageKind>(fields.kind);
  if (kind < MessageKind::kMessage || kind > MessageKind::kBroadcast) return false;
  if ((kind == MessageKind::kBroadcast) == fields.header.recipient.has_value()) return false;
  return (kind == MessageKind::kResponse) == fields.header.reply_to.has_value();
}

Digest hash_body(BodyHash hash, BytesView body) {
  return hash == BodyHash::kSm3 ? sm3(body) : sha256(body);
}

// header || H(body): what is signed, and what the id is the hash of.
Bytes signed_part(BytesView header, BodyHash hash, BytesView body) {
  Bytes message = to_bytes(header);
  append(message, hash_body(hash, body));
  return message;
}

}  // namespace

std::string make_context(std::string_view network, std::string_view protocol_or_topic) {
  return std::string(network) + '|' + std::string(protocol_or_topic);
}

Bytes Header::encode() const {
  ProtobufWriter writer;
  write_number(writer, 1, kEnvelopeVersion);
  write_bytes(writer, 2, sender);
  if (recipient) write_bytes(writer, 3, *recipient);
  write_text(writer, 4, context);
  write_number(writer, 5, static_cast<std::uint64_t>(unix_ms(timestamp)));
  write_bytes(writer, 6, nonce);
  write_bytes(writer, 7, epoch);
  write_number(writer, 8, seq);
  write_number(writer, 9, static_cast<std::uint64_t>(hash));
  write_number(writer, 10, suite);
  write_bytes(writer, 11, enc);
  write_number(writer, 12, static_cast<std::uint64_t>(kind));
  if (reply_to) write_bytes(writer, 13, *reply_to);
  write_number(writer, 14, static_cast<std::uint64_t>(ttl.count()));
  return writer.take();
}

Result<Header> Header::decode(BytesView bytes) {
  if (bytes.size() > kHeaderSizeMax) return fail(Errc::kTooLarge);
  HeaderFields fields;
  ProtobufReader reader(bytes, ProtobufForm::kCanonical);
  while (reader.next()) read_field(reader, fields);
  if (const auto end = reader.finish(); !end) return fail(end.error());
  if (fields.version != kEnvelopeVersion && fields.version != 0) return fail(Errc::kUnsupported);
  if (!is_complete(fields)) return fail(Errc::kMalformed);
  Header header = std::move(fields.header);
  header.hash = static_cast<BodyHash>(fields.hash);
  if (header.hash != BodyHash::kSm3 && header.hash != BodyHash::kSha256) return fail(Errc::kUnsupported);
  header.kind = static_cast<MessageKind>(fields.kind);
  header.timestamp = from_unix_ms(static_cast<std::int64_t>(fields.timestamp_ms));
  header.ttl = std::chrono::milliseconds(fields.ttl_ms);
  return header;
}

Envelope Envelope::seal(const Header& header, Bytes body, const Sm2PrivateKey& key) {
  return seal_with_id(header, std::move(body), key).envelope;
}

Bytes Envelope::encode() const {
  ProtobufWriter writer(body.size() + kEnvelopeOverheadMax);
  write_bytes(writer, 1, header);
  write_bytes(writer, 2, body);
  write_bytes(writer, 3, signature);
  return writer.take();
}

Result<Envelope> Envelope::decode(Bytes bytes, std::size_t body_max) {
  if (bytes.size() > body_max + kEnvelopeOverheadMax) return fail(Errc::kTooLarge);
  Envelope envelope;
  BytesView body;
  bool has_signature = false;
  ProtobufReader reader(bytes, ProtobufForm::kCanonical);
  while (reader.next()) {
    switch (reader.field()) {
      case 1: envelope.header = to_bytes(read_bytes(reader, kHeaderSizeMax)); break;
      case 2: body = read_bytes(reader, body_max); break;
      case 3:
        envelope.signature = read_array<kSm2SignatureSize>(reader);
        has_signature = true;
        break;
      default: reader.unknown();
    }
  }
  if (const auto end = reader.finish(); !end) return fail(end.error());
  if (envelope.header.empty() || !has_signature) return fail(Errc::kMalformed);
  if (!body.empty()) envelope.body = keep_part(std::move(bytes), body);
  return envelope;
}

SealedEnvelope seal_with_id(const Header& header, Bytes body, const Sm2PrivateKey& key) {
  WARREN_ASSERT(header.sender == key.public_key().compressed());
  Envelope envelope{.header = header.encode(), .body = std::move(body)};
  const Bytes message = signed_part(envelope.header, header.hash, envelope.body);
  envelope.signature = key.sign(kEnvelopeDomain, message);
  return {std::move(envelope), sm3(message)};
}

MessageId message_id(const Envelope& envelope, const Header& header) {
  return sm3(signed_part(envelope.header, header.hash, envelope.body));
}

Result<MessageId> verify_signature(const Envelope& envelope, const Header& header,
                                   const Sm2PublicKey& sender) {
  WARREN_ASSERT(header.sender == sender.compressed());
  const Bytes message = signed_part(envelope.header, header.hash, envelope.body);
  if (!sender.verify(kEnvelopeDomain, message, envelope.signature)) return fail(Errc::kBadSignature);
  return sm3(message);
}

}  // namespace warren
