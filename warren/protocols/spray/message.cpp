#include "warren/protocols/spray/message.hpp"

#include <algorithm>

#include "warren/base/protobuf_wire.hpp"

namespace warren::spray {

namespace {

enum Type : std::uint64_t { kPosition = 1, kSpray, kBegin, kOk, kRefused, kEnd };

// For what a position holds beside its addresses.
constexpr std::size_t kRoomForTheRest = 256;
constexpr std::size_t kReasonSizeMax = 64;

template <class Enum>
Enum read_enum(ProtobufReader& reader, Enum last) {
  const std::uint64_t value = reader.varint();
  return value > static_cast<std::uint64_t>(last) ? Enum{} : static_cast<Enum>(value);
}

template <class Enum>
void write_enum(ProtobufWriter& to, std::uint32_t field, Enum value) {
  if (value != Enum{}) to.varint(field, static_cast<std::uint64_t>(value));
}

void write_addresses(ProtobufWriter& to, std::uint32_t field, const std::vector<Multiaddr>& addresses,
                     std::size_t max) {
  std::size_t count = 0;
  for (const Multiaddr& address : addresses) {
    const bool fits = to.view().size() + address.bytes().size() + kRoomForTheRest <= kMessageSizeMax;
    if (count == max || !fits) return;
    to.bytes(field, address.bytes());
    ++count;
  }
}

// Unreadable ones count too, so that they bound the work.
void read_address(ProtobufReader& reader, std::vector<Multiaddr>& to, std::size_t& seen, std::size_t max) {
  const BytesView bytes = reader.repeated_bytes();
  if (++seen > max) return;
  auto address = Multiaddr::from_bytes(bytes);
  if (address && !address->empty()) to.push_back(std::move(*address));
}

Bytes encode_position(const PeerPosition& position) {
  ProtobufWriter to;
  if (!position.udp) to.varint(1, 1);
  write_enum(to, 2, position.mapping);
  write_enum(to, 3, position.filtering);
  write_enum(to, 4, position.ports);
  write_addresses(to, 5, position.addresses, kAddressesMax);
  write_addresses(to, 6, position.local, kLocalMax);
  for (std::size_t i = 0; i < std::min(position.outside.size(), kOutsideMax); ++i) {
    to.bytes(7, position.outside[i].bytes());
  }
  if (position.relay_only) to.varint(8, 1);
  return to.take();
}

Result<PeerPosition> decode_position(BytesView bytes) {
  PeerPosition position;
  std::size_t addresses = 0, local = 0, outside = 0;
  ProtobufReader reader(bytes, ProtobufForm::kLenient);
  while (reader.next()) {
    switch (reader.field()) {
      case 1: position.udp = reader.varint() != 1; break;
      case 2: position.mapping = read_enum(reader, NatMapping::kDependent); break;
      case 3: position.filtering = read_enum(reader, NatFiltering::kAddressAndPort); break;
      case 4: position.ports = read_enum(reader, NatPorts::kRandom); break;
      case 5: read_address(reader, position.addresses, addresses, kAddressesMax); break;
      case 6: read_address(reader, position.local, local, kLocalMax); break;
      case 7: {
        const auto address = IpAddress::from_bytes(reader.repeated_bytes());
        if (!address) reader.fail(Errc::kMalformed);
        if (address && ++outside <= kOutsideMax) position.outside.push_back(*address);
        break;
      }
      case 8: position.relay_only = reader.varint() == 1; break;
      default: reader.unknown();
    }
  }
  if (auto end = reader.finish(); !end) return fail(end.error());
  return position;
}

Bytes encode_spray(const Spray& spray) {
  ProtobufWriter to;
  to.varint(1, static_cast<std::uint64_t>(spray.role)).bytes(2, spray.token);
  to.bytes(3, spray.seen.address.bytes());
  if (spray.seen.port != 0) to.varint(4, spray.seen.port);
  return to.take();
}

Result<Spray> decode_spray(BytesView bytes) {
  Spray spray;
  std::uint64_t role = 0, port = 0;
  BytesView token, address;
  ProtobufReader reader(bytes, ProtobufForm::kLenient);
  while (reader.next()) {
    switch (reader.field()) {
      case 1: role = reader.varint(); break;
      case 2: token = reader.bytes(); break;
      case 3: address = reader.bytes(); break;
      case 4: port = reader.varint(); break;
      default: reader.unknown();
    }
  }
  if (auto end = reader.finish(); !end) return fail(end.error());
  const auto ip = IpAddress::from_bytes(address);
  const bool known_role =
      role == static_cast<std::uint64_t>(Role::kOpens) || role == static_cast<std::uint64_t>(Role::kProbes);
  if (!known_role || token.size() != spray.token.size() || !ip || port > 0xffff)
    return fail(Errc::kMalformed);
  spray.role = static_cast<Role>(role);
  if ((spray.role == Role::kProbes) != (port != 0)) return fail(Errc::kMalformed);
  std::ranges::copy(token, spray.token.begin());
  spray.seen = {*ip, static_cast<std::uint16_t>(port)};
  return spray;
}

Bytes with_reason(Type type, std::optional<RelayReason> reason) {
  // A reason that we got and do not know stays one when it is passed on.
  const std::string_view code = reason ? to_string(*reason) : std::string_view("UNKNOWN");
  ProtobufWriter to;
  to.varint(1, type).bytes(3, as_bytes(code));
  return to.take();
}

struct Encoder {
  Bytes operator()(const PeerPosition& position) const {
    return with_body(kPosition, encode_position(position));
  }
  Bytes operator()(const Spray& spray) const { return with_body(kSpray, encode_spray(spray)); }
  Bytes operator()(const Begin&) const { return bare(kBegin); }
  Bytes operator()(const Ok&) const { return bare(kOk); }
  Bytes operator()(const Refused& refused) const { return with_reason(kRefused, refused.reason); }
  Bytes operator()(const End& end) const { return end.direct ? bare(kEnd) : with_reason(kEnd, end.reason); }

  static Bytes bare(Type type) {
    ProtobufWriter to;
    to.varint(1, type);
    return to.take();
  }
  static Bytes with_body(Type type, BytesView body) {
    ProtobufWriter to;
    to.varint(1, type).bytes(2, body);
    return to.take();
  }
};

template <class Body>
Result<Message> as_message(Result<Body> body) {
  if (!body) return fail(body.error());
  return Message(std::move(*body));
}

}  // namespace

Bytes encode(const Message& message) {
  return std::visit(Encoder(), message);
}

Result<Message> decode(BytesView bytes) {
  if (bytes.size() > kMessageSizeMax) return fail(Errc::kTooLarge);
  std::uint64_t type = 0;
  std::optional<BytesView> body, reason;
  ProtobufReader reader(bytes, ProtobufForm::kLenient);
  while (reader.next()) {
    switch (reader.field()) {
      case 1: type = reader.varint(); break;
      case 2: body = reader.bytes(); break;
      case 3: reason = reader.bytes(); break;
      default: reader.unknown();
    }
  }
  if (auto end = reader.finish(); !end) return fail(end.error());
  if (reason && reason->size() > kReasonSizeMax) return fail(Errc::kTooLarge);
  const auto why = reason ? relay_reason_of(as_text(*reason)) : std::nullopt;
  switch (type) {
    case kPosition: return as_message(decode_position(body.value_or(BytesView())));
    case kSpray: return as_message(decode_spray(body.value_or(BytesView())));
    case kBegin: return Begin{};
    case kOk: return Ok{};
    case kRefused: return Refused{why};
    case kEnd: return End{.direct = !reason, .reason = why};
    default: return fail(Errc::kUnsupported);
  }
}

}  // namespace warren::spray
