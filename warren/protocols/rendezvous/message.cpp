#include "warren/protocols/rendezvous/message.hpp"

#include "warren/base/protobuf_wire.hpp"

namespace warren::rendezvous {

namespace {

enum Type : std::uint64_t { kRegister, kRegisterResponse, kUnregister, kDiscover, kDiscoverResponse, kNone };

// Field 1 of the outer message is the type, field 2 + type the message of that type.
constexpr std::uint32_t kTypeField = 1;
constexpr std::uint32_t kFirstBody = 2;
// Longer than any namespace, so that too long ones get an answer.
constexpr std::size_t kNamespaceReadMax = 1024;

void check_size(ProtobufReader& reader, BytesView bytes, std::size_t max) {
  if (bytes.size() > max) reader.fail(Errc::kTooLarge);
}

std::string read_namespace(ProtobufReader& reader) {
  const BytesView bytes = reader.bytes();
  check_size(reader, bytes, kNamespaceReadMax);
  return to_text(bytes);
}

Bytes read_bounded(ProtobufReader& reader, std::size_t max) {
  const BytesView bytes = reader.bytes();
  check_size(reader, bytes, max);
  return bytes.size() > max ? Bytes() : to_bytes(bytes);
}

// It will be shown and logged.
std::string read_text(ProtobufReader& reader) {
  const BytesView bytes = reader.bytes();
  std::string text = to_text(bytes.first(std::min(bytes.size(), kStatusTextMax)));
  std::erase_if(text, [](unsigned char c) { return c < 0x20 || c >= 0x7f; });
  return text;
}

Status read_status(ProtobufReader& reader) {
  const std::uint64_t value = reader.varint();
  for (const Status status :
       {Status::kOk, Status::kInvalidNamespace, Status::kInvalidSignedPeerRecord, Status::kInvalidTtl,
        Status::kInvalidCookie, Status::kNotAuthorized, Status::kInternalError, Status::kUnavailable}) {
    if (value == static_cast<std::uint64_t>(status)) return status;
  }
  return Status::kInternalError;  // one of another version: a failure in any case
}

template <class T>
Result<Message> finished(const ProtobufReader& reader, T message) {
  if (auto end = reader.finish(); !end) return fail(end.error());
  return Message(std::move(message));
}

Result<Register> decode_register(BytesView bytes) {
  Register message;
  ProtobufReader reader(bytes, ProtobufForm::kLenient);
  while (reader.next()) {
    switch (reader.field()) {
      case 1: message.name_space = read_namespace(reader); break;
      case 2: message.signed_peer_record = read_bounded(reader, kRecordSizeMax); break;
      case 3: message.ttl = reader.varint(); break;
      default: reader.unknown();
    }
  }
  if (auto end = reader.finish(); !end) return fail(end.error());
  return message;
}

Result<Message> decode_register_response(BytesView bytes) {
  RegisterResponse message;
  ProtobufReader reader(bytes, ProtobufForm::kLenient);
  while (reader.next()) {
    switch (reader.field()) {
      case 1: message.status = read_status(reader); break;
      case 2: message.status_text = read_text(reader); break;
      case 3: message.ttl = reader.varint(); break;
      default: reader.unknown();
    }
  }
  return finished(reader, std::move(message));
}

Result<Message> decode_unregister(BytesView bytes) {
  Unregister message;
  ProtobufReader reader(bytes, ProtobufForm::kLenient);
  while (reader.next()) {
    switch (reader.field()) {
      case 1: message.name_space = read_namespace(reader); break;
      default: reader.unknown();  // field 2 was the sender's name: it is known from the connection
    }
  }
  return finished(reader, std::move(message));
}

Result<Message> decode_discover(BytesView bytes) {
  Discover message;
  ProtobufReader reader(bytes, ProtobufForm::kLenient);
  while (reader.next()) {
    switch (reader.field()) {
      case 1: message.name_space = read_namespace(reader); break;
      case 2: message.limit = reader.varint(); break;
      case 3: message.cookie = read_bounded(reader, kCookieSizeMax); break;
      default: reader.unknown();
    }
  }
  return finished(reader, std::move(message));
}

Result<Message> decode_discover_response(BytesView bytes) {
  DiscoverResponse message;
  ProtobufReader reader(bytes, ProtobufForm::kLenient);
  while (reader.next()) {
    switch (reader.field()) {
      case 1: {
        const BytesView registration = reader.repeated_bytes();
        if (message.registrations.size() >= kRegistrationsMax) break;
        auto decoded = decode_register(registration);
        // One that cannot be used is no reason to lose the others.
        if (decoded && !decoded->signed_peer_record.empty())
          message.registrations.push_back(std::move(*decoded));
        break;
      }
      case 2: message.cookie = read_bounded(reader, kCookieSizeMax); break;
      case 3: message.status = read_status(reader); break;
      case 4: message.status_text = read_text(reader); break;
      default: reader.unknown();
    }
  }
  return finished(reader, std::move(message));
}

Bytes body_of(const Register& message) {
  ProtobufWriter writer(message.signed_peer_record.size() + message.name_space.size() + 16);
  if (!message.name_space.empty()) writer.bytes(1, as_bytes(message.name_space));
  if (!message.signed_peer_record.empty()) writer.bytes(2, message.signed_peer_record);
  if (message.ttl) writer.varint(3, *message.ttl);
  return writer.take();
}

Bytes body_of(const RegisterResponse& message) {
  ProtobufWriter writer;
  writer.varint(1, static_cast<std::uint64_t>(message.status));
  if (!message.status_text.empty()) writer.bytes(2, as_bytes(message.status_text));
  if (message.status == Status::kOk || message.ttl > 0) writer.varint(3, message.ttl);
  return writer.take();
}

Bytes body_of(const Unregister& message) {
  ProtobufWriter writer;
  if (!message.name_space.empty()) writer.bytes(1, as_bytes(message.name_space));
  return writer.take();
}

Bytes body_of(const Discover& message) {
  ProtobufWriter writer;
  if (!message.name_space.empty()) writer.bytes(1, as_bytes(message.name_space));
  if (message.limit) writer.varint(2, *message.limit);
  if (!message.cookie.empty()) writer.bytes(3, message.cookie);
  return writer.take();
}

Bytes body_of(const DiscoverResponse& message) {
  ProtobufWriter writer;
  for (const Register& registration : message.registrations) writer.bytes(1, body_of(registration));
  if (!message.cookie.empty()) writer.bytes(2, message.cookie);
  writer.varint(3, static_cast<std::uint64_t>(message.status));
  if (!message.status_text.empty()) writer.bytes(4, as_bytes(message.status_text));
  return writer.take();
}

Result<Message> decode_body(std::uint64_t type, BytesView body) {
  switch (type) {
    case kRegister: {
      auto decoded = decode_register(body);
      if (!decoded) return fail(decoded.error());
      return Message(std::move(*decoded));
    }
    case kRegisterResponse: return decode_register_response(body);
    case kUnregister: return decode_unregister(body);
    case kDiscover: return decode_discover(body);
    case kDiscoverResponse: return decode_discover_response(body);
    default: return fail(Errc::kMalformed);
  }
}

}  // namespace

std::string_view to_string(Status status) {
  switch (status) {
    case Status::kOk: return "OK";
    case Status::kInvalidNamespace: return "E_INVALID_NAMESPACE";
    case Status::kInvalidSignedPeerRecord: return "E_INVALID_SIGNED_PEER_RECORD";
    case Status::kInvalidTtl: return "E_INVALID_TTL";
    case Status::kInvalidCookie: return "E_INVALID_COOKIE";
    case Status::kNotAuthorized: return "E_NOT_AUTHORIZED";
    case Status::kInternalError: return "E_INTERNAL_ERROR";
    case Status::kUnavailable: return "E_UNAVAILABLE";
  }
  return "E_INTERNAL_ERROR";
}

Bytes encode(const Message& message) {
  const Bytes body = std::visit([](const auto& each) { return body_of(each); }, message);
  ProtobufWriter writer(body.size() + 16);
  writer.varint(kTypeField, message.index());
  writer.bytes(kFirstBody + static_cast<std::uint32_t>(message.index()), body);
  return writer.take();
}

Result<Message> decode(BytesView bytes) {
  std::uint64_t type = kNone;
  std::array<std::optional<BytesView>, kNone> bodies;
  ProtobufReader reader(bytes, ProtobufForm::kLenient);
  while (reader.next()) {
    if (reader.field() == kTypeField) {
      type = reader.varint();
    } else if (reader.field() >= kFirstBody && reader.field() < kFirstBody + kNone) {
      bodies[reader.field() - kFirstBody] = reader.bytes();
    } else {
      reader.unknown();
    }
  }
  if (auto end = reader.finish(); !end) return fail(end.error());
  if (type >= kNone || !bodies[type]) return fail(Errc::kMalformed);
  return decode_body(type, *bodies[type]);
}

bool is_namespace(std::string_view text) {
  if (text.empty() || text.size() > kNamespaceSizeMax) return false;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<std::uint8_t>(text[i]);
    const std::size_t size = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (size == 0 || lead > 0xf4 || i + size > text.size()) return false;
    std::uint32_t point = size == 1 ? lead : lead & (0x7fU >> size);
    for (std::size_t k = 1; k < size; ++k) {
      const auto next = static_cast<std::uint8_t>(text[i + k]);
      if ((next & 0xc0) != 0x80) return false;
      point = point << 6 | (next & 0x3fU);
    }
    const bool overlong = (size == 3 && point < 0x800) || (size == 4 && point < 0x10000);
    if (overlong || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return false;
    i += size;
  }
  return true;
}

}  // namespace warren::rendezvous
