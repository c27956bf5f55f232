#include "warren/protocols/autonat/v1_message.hpp"

#include <algorithm>

#include "warren/base/protobuf_wire.hpp"

namespace warren::autonat::v1 {

namespace {

constexpr std::uint64_t kTypeDial = 0;
constexpr std::uint64_t kTypeDialResponse = 1;

Status status_of(std::uint64_t value) {
  for (const Status status : {Status::kOk, Status::kDialError, Status::kDialRefused, Status::kBadRequest}) {
    if (value == static_cast<std::uint64_t>(status)) return status;
  }
  return Status::kInternalError;
}

// It will be shown and logged.
std::string read_text(ProtobufReader& reader) {
  const BytesView bytes = reader.bytes();
  std::string text = to_text(bytes.first(std::min(bytes.size(), kStatusTextMax)));
  std::erase_if(text, [](unsigned char c) { return c < 0x20 || c >= 0x7f; });
  return text;
}

void read_peer(BytesView bytes, Dial& dial, ProtobufReader& outer) {
  ProtobufReader reader(bytes, ProtobufForm::kLenient);
  while (reader.next()) {
    if (reader.field() == 1) {
      dial.peer = to_bytes(reader.bytes());
    } else if (reader.field() == 2) {
      const BytesView address = reader.repeated_bytes();
      if (dial.addresses.size() < kAddressesMax) dial.addresses.push_back(to_bytes(address));
    } else {
      reader.unknown();
    }
  }
  if (!reader.finish()) outer.fail(Errc::kMalformed);
}

Result<Message> decode_dial(BytesView bytes) {
  Dial dial;
  ProtobufReader reader(bytes, ProtobufForm::kLenient);
  while (reader.next()) {
    if (reader.field() == 1) {
      read_peer(reader.bytes(), dial, reader);
    } else {
      reader.unknown();
    }
  }
  if (auto end = reader.finish(); !end) return fail(end.error());
  return Message(std::move(dial));
}

Result<Message> decode_response(BytesView bytes) {
  DialResponse response;
  ProtobufReader reader(bytes, ProtobufForm::kLenient);
  while (reader.next()) {
    switch (reader.field()) {
      case 1: response.status = status_of(reader.varint()); break;
      case 2: response.status_text = read_text(reader); break;
      case 3: response.address = to_bytes(reader.bytes()); break;
      default: reader.unknown();
    }
  }
  if (auto end = reader.finish(); !end) return fail(end.error());
  return Message(std::move(response));
}

Bytes body_of(const Dial& dial) {
  ProtobufWriter peer;
  if (dial.peer) peer.bytes(1, *dial.peer);
  for (const Bytes& address : dial.addresses) peer.bytes(2, address);
  ProtobufWriter writer;
  writer.bytes(1, peer.view());
  return writer.take();
}

Bytes body_of(const DialResponse& response) {
  ProtobufWriter writer;
  writer.varint(1, static_cast<std::uint64_t>(response.status));
  if (!response.status_text.empty()) writer.bytes(2, as_bytes(response.status_text));
  if (!response.address.empty()) writer.bytes(3, response.address);
  return writer.take();
}

}  // namespace

std::string_view to_string(Status status) {
  switch (status) {
    case Status::kOk: return "OK";
    case Status::kDialError: return "E_DIAL_ERROR";
    case Status::kDialRefused: return "E_DIAL_REFUSED";
    case Status::kBadRequest: return "E_BAD_REQUEST";
    case Status::kInternalError: return "E_INTERNAL_ERROR";
  }
  return "E_INTERNAL_ERROR";
}

// Field 1 is the type; field 2 a dial, field 3 its response.
Bytes encode(const Message& message) {
  const Bytes body = std::visit([](const auto& each) { return body_of(each); }, message);
  ProtobufWriter writer(body.size() + 8);
  writer.varint(1, message.index() == 0 ? kTypeDial : kTypeDialResponse);
  writer.bytes(2 + static_cast<std::uint32_t>(message.index()), body);
  return writer.take();
}

Result<Message> decode(BytesView bytes) {
  std::uint64_t type = kTypeDial;  // absent reads as the first one (proto2)
  std::optional<BytesView> dial, response;
  ProtobufReader reader(bytes, ProtobufForm::kLenient);
  while (reader.next()) {
    switch (reader.field()) {
      case 1: type = reader.varint(); break;
      case 2: dial = reader.bytes(); break;
      case 3: response = reader.bytes(); break;
      default: reader.unknown();
    }
  }
  if (auto end = reader.finish(); !end) return fail(end.error());
  if (type == kTypeDial && dial) return decode_dial(*dial);
  if (type == kTypeDialResponse && response) return decode_response(*response);
  return fail(Errc::kMalformed);
}

}  // namespace warren::autonat::v1
