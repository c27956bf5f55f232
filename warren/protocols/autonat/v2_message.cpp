#include "warren/protocols/autonat/v2_message.hpp"

#include <limits>

#include "warren/base/protobuf_wire.hpp"

namespace warren::autonat::v2 {

namespace {

// Numbers of a fixed size (wire type 1, little-endian) that ProtobufReader steps over.
constexpr std::uint64_t kFixed64 = 1;

std::uint64_t lenient_varint(BytesView& rest) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 70 && !rest.empty(); shift += 7) {
    const std::uint8_t byte = rest.front();
    rest = rest.subspan(1);
    if (shift < 64) value |= std::uint64_t{byte & 0x7fU} << shift;
    if ((byte & 0x80) == 0) break;
  }
  return value;
}

// The last one of this field; 0 when there is none. The message has been read by a ProtobufReader: it is
// sound.
std::uint64_t fixed64_of(BytesView message, std::uint32_t field) {
  std::uint64_t found = 0;
  while (!message.empty()) {
    const std::uint64_t tag = lenient_varint(message);
    std::size_t size = 0;
    switch (tag & 7) {
      case 0: lenient_varint(message); break;
      case kFixed64: size = 8; break;
      case 2: size = static_cast<std::size_t>(lenient_varint(message)); break;
      default: size = 4;
    }
    if (size > message.size()) break;
    if ((tag & 7) == kFixed64 && tag >> 3 == field) {
      found = 0;
      for (std::size_t i = 8; i > 0; --i) found = found << 8 | message[i - 1];
    }
    message = message.subspan(size);
  }
  return found;
}

void write_fixed64(Bytes& out, std::uint32_t field, std::uint64_t value) {
  out.push_back(static_cast<std::uint8_t>(field << 3 | kFixed64));
  for (unsigned shift = 0; shift < 64; shift += 8) out.push_back(static_cast<std::uint8_t>(value >> shift));
}

// uint32 on the wire: what does not fit is cut to 32 bits, as protobuf has it; an index so high means
// nothing.
std::uint32_t read_u32(ProtobufReader& reader) {
  return static_cast<std::uint32_t>(reader.varint() & std::numeric_limits<std::uint32_t>::max());
}

template <class T>
Result<Message> finished(const ProtobufReader& reader, T message) {
  if (auto end = reader.finish(); !end) return fail(end.error());
  return Message(std::move(message));
}

Result<Message> decode_request(BytesView bytes) {
  DialRequest request;
  ProtobufReader reader(bytes, ProtobufForm::kLenient);
  while (reader.next()) {
    if (reader.field() != 1) continue;  // field 2 is read below
    const BytesView address = reader.repeated_bytes();
    if (request.addresses.size() < kAddressesMax) request.addresses.push_back(to_bytes(address));
  }
  if (reader.finish()) request.nonce = fixed64_of(bytes, 2);
  return finished(reader, std::move(request));
}

Result<Message> decode_response(BytesView bytes) {
  DialResponse response;
  ProtobufReader reader(bytes, ProtobufForm::kLenient);
  while (reader.next()) {
    switch (reader.field()) {
      case 1: response.status = static_cast<ResponseStatus>(read_u32(reader)); break;
      case 2: response.address_index = read_u32(reader); break;
      case 3: response.dial_status = static_cast<DialStatus>(read_u32(reader)); break;
      default: reader.unknown();
    }
  }
  return finished(reader, response);
}

Result<Message> decode_data_request(BytesView bytes) {
  DialDataRequest request;
  ProtobufReader reader(bytes, ProtobufForm::kLenient);
  while (reader.next()) {
    switch (reader.field()) {
      case 1: request.address_index = read_u32(reader); break;
      case 2: request.bytes = reader.varint(); break;
      default: reader.unknown();
    }
  }
  return finished(reader, request);
}

Result<Message> decode_data_response(BytesView bytes) {
  DialDataResponse response;
  ProtobufReader reader(bytes, ProtobufForm::kLenient);
  while (reader.next()) {
    if (reader.field() == 1) {
      response.data = to_bytes(reader.bytes());
    } else {
      reader.unknown();
    }
  }
  return finished(reader, std::move(response));
}

Bytes body_of(const DialRequest& request) {
  ProtobufWriter writer;
  for (const Bytes& address : request.addresses) writer.bytes(1, address);
  Bytes body = writer.take();
  if (request.nonce != 0) write_fixed64(body, 2, request.nonce);
  return body;
}

Bytes body_of(const DialResponse& response) {
  ProtobufWriter writer;
  if (response.status != ResponseStatus{}) writer.varint(1, static_cast<std::uint64_t>(response.status));
  if (response.address_index != 0) writer.varint(2, response.address_index);
  if (response.dial_status != DialStatus{})
    writer.varint(3, static_cast<std::uint64_t>(response.dial_status));
  return writer.take();
}

Bytes body_of(const DialDataRequest& request) {
  ProtobufWriter writer;
  if (request.address_index != 0) writer.varint(1, request.address_index);
  if (request.bytes != 0) writer.varint(2, request.bytes);
  return writer.take();
}

Bytes body_of(const DialDataResponse& response) {
  ProtobufWriter writer(response.data.size() + 4);
  if (!response.data.empty()) writer.bytes(1, response.data);
  return writer.take();
}

}  // namespace

std::string_view to_string(ResponseStatus status) {
  switch (status) {
    case ResponseStatus::kInternalError: return "E_INTERNAL_ERROR";
    case ResponseStatus::kRequestRejected: return "E_REQUEST_REJECTED";
    case ResponseStatus::kDialRefused: return "E_DIAL_REFUSED";
    case ResponseStatus::kOk: return "OK";
  }
  return "unknown";
}

std::string_view to_string(DialStatus status) {
  switch (status) {
    case DialStatus::kUnused: return "UNUSED";
    case DialStatus::kDialError: return "E_DIAL_ERROR";
    case DialStatus::kDialBackError: return "E_DIAL_BACK_ERROR";
    case DialStatus::kOk: return "OK";
  }
  return "unknown";
}

Bytes encode(const Message& message) {
  const Bytes body = std::visit([](const auto& each) { return body_of(each); }, message);
  ProtobufWriter writer(body.size() + 4);
  writer.bytes(1 + static_cast<std::uint32_t>(message.index()), body);
  return writer.take();
}

Result<Message> decode(BytesView bytes) {
  std::uint32_t kind = 0;
  BytesView body;
  ProtobufReader reader(bytes, ProtobufForm::kLenient);
  while (reader.next()) {
    if (reader.field() > 4) {
      reader.unknown();
      continue;
    }
    kind = reader.field();  // of a oneof the last one wins
    body = reader.bytes();
  }
  if (auto end = reader.finish(); !end) return fail(end.error());
  switch (kind) {
    case 1: return decode_request(body);
    case 2: return decode_response(body);
    case 3: return decode_data_request(body);
    case 4: return decode_data_response(body);
    default: return fail(Errc::kMalformed);
  }
}

Bytes encode_dial_back(std::uint64_t nonce) {
  Bytes bytes;
  if (nonce != 0) write_fixed64(bytes, 1, nonce);
  return bytes;
}

Result<std::uint64_t> decode_dial_back(BytesView bytes) {
  ProtobufReader reader(bytes, ProtobufForm::kLenient);
  while (reader.next()) {
  }
  if (auto end = reader.finish(); !end) return fail(end.error());
  return fixed64_of(bytes, 1);
}

}  // namespace warren::autonat::v2
