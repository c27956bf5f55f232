#include "warren/protocols/pubsub/wire/message.hpp"

#include "warren/base/protobuf_wire.hpp"
#include "warren/crypto/hash.hpp"
#include "warren/protocols/pubsub/wire/output.hpp"
#include "warren/protocols/pubsub/wire/rpc_fields.hpp"

namespace warren::pubsub {

using namespace fields;

namespace {

constexpr std::string_view kSignaturePrefix = "libp2p-pubsub:";
constexpr std::size_t kSeqnoSize = 8;
constexpr std::size_t kMultihashHead = 2;  // of a PeerID: the hash' code and its size
constexpr std::uint8_t kIdentity = 0x00;

// A field that is there but empty is signed as such: everybody's encoders keep the difference.
bool is_there(BytesView field) {
  return field.data() != nullptr;
}

std::size_t optional_size(BytesView field) {
  return is_there(field) ? field_size(field) : 0;
}

void write_optional(Output& out, std::uint32_t field, BytesView value) {
  if (is_there(value)) out.bytes(field, value);
}

// Fields 1 to 4 as every encoder writes them, behind `prefix`.
Bytes write_signed_part(const MessageView& message, std::string_view prefix) {
  const BytesView topic = as_bytes(message.topic);
  Output out(prefix.size() + optional_size(message.from) + optional_size(message.data) +
             optional_size(message.seqno) + optional_size(topic));
  out.raw(as_bytes(prefix));
  write_optional(out, kMessageFrom, message.from);
  write_optional(out, kMessageData, message.data);
  write_optional(out, kMessageSeqno, message.seqno);
  write_optional(out, kMessageTopic, topic);
  return out.take();
}

bool is_inlined(const PeerId& peer) {
  return peer.bytes()[0] == kIdentity;
}

// Whether the PeerID is that of the key with this encoding, without looking at the key.
bool names(const PeerId& peer, BytesView key) {
  const BytesView content = peer.bytes().subspan(kMultihashHead);
  return is_inlined(peer) ? equal(content, key) : equal(content, sha256(key));
}

}  // namespace

Result<MessageView> read_message(BytesView encoded) {
  MessageView message;
  ProtobufReader reader(encoded, ProtobufForm::kLenient);
  while (reader.next()) {
    switch (reader.field()) {
      case kMessageFrom: message.from = reader.bytes(); break;
      case kMessageData: message.data = reader.bytes(); break;
      case kMessageSeqno: message.seqno = reader.bytes(); break;
      case kMessageTopic: message.topic = as_text(reader.bytes()); break;
      case kMessageSignature: message.signature = reader.bytes(); break;
      case kMessageKey: message.key = reader.bytes(); break;
      default: message.has_unknown_fields = true;
    }
  }
  if (const auto end = reader.finish(); !end) return fail(end.error());
  return message;
}

MessageId default_message_id(const MessageView& message) {
  MessageId id;
  id.reserve(message.from.size() + message.seqno.size());
  id.append(as_text(message.from)).append(as_text(message.seqno));
  return id;
}

Result<PeerId> check_author(const MessageView& message) {
  if (message.seqno.size() != kSeqnoSize || message.has_unknown_fields) return fail(Errc::kMalformed);
  const auto author = PeerId::from_bytes(message.from);
  if (!author) return fail(author.error());
  if (message.signature.empty()) return fail(Errc::kBadSignature);
  if (is_there(message.key)) {
    if (message.key.empty()) return fail(Errc::kBadKey);
    if (!names(*author, message.key)) return fail(Errc::kPeerIdMismatch);
  } else if (!is_inlined(*author)) {
    return fail(Errc::kBadKey);
  }
  return *author;
}

Result<> verify_message(const MessageView& message) {
  const auto author = check_author(message);
  if (!author) return fail(author.error());
  const auto key =
      PublicKey::from_protobuf(is_there(message.key) ? message.key : message.from.subspan(kMultihashHead));
  if (!key) return fail(key.error() == Errc::kMalformed ? make_error_code(Errc::kBadKey) : key.error());
  const Bytes covered = write_signed_part(message, kSignaturePrefix);
  if (!key->verify(covered, message.signature)) return fail(Errc::kBadSignature);
  return {};
}

Bytes sign_message(const PrivateKey& key, std::uint64_t seqno, std::string_view topic, BytesView data) {
  std::array<std::uint8_t, kSeqnoSize> counter{};
  for (std::size_t i = 0; i < counter.size(); ++i) {
    counter[i] = static_cast<std::uint8_t>(seqno >> (8 * (counter.size() - 1 - i)));
  }
  const PeerId author = PeerId::from_public_key(key.public_key());
  MessageView message;
  message.from = author.bytes();
  message.data = data.empty() ? BytesView(counter).first(0) : data;  // there, and empty
  message.seqno = counter;
  message.topic = topic;
  const Bytes covered = write_signed_part(message, kSignaturePrefix);
  const Bytes signature = key.sign(covered);
  const Bytes public_key = is_inlined(author) ? Bytes() : key.public_key().to_protobuf();

  const BytesView fields = BytesView(covered).subspan(kSignaturePrefix.size());
  Output out(fields.size() + field_size(signature) + (public_key.empty() ? 0 : field_size(public_key)));
  out.raw(fields).bytes(kMessageSignature, signature);
  if (!public_key.empty()) out.bytes(kMessageKey, public_key);
  return out.take();
}

Bytes unsigned_message(std::string_view topic, BytesView data) {
  Output out(field_size(data) + field_size(topic));
  out.bytes(kMessageData, data).text(kMessageTopic, topic);
  return out.take();
}

}  // namespace warren::pubsub
