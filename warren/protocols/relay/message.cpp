#include "warren/protocols/relay/message.hpp"

#include <algorithm>
#include <limits>

#include "warren/base/protobuf_wire.hpp"

namespace warren::relay {

namespace {

// For what a message holds beside its addresses and its voucher.
constexpr std::size_t kRoomForTheRest = 256;

// protobuf's uint32: the low bits of whatever was written.
std::uint32_t read_uint32(ProtobufReader& reader) {
  return static_cast<std::uint32_t>(reader.varint());
}

// As many as a message of the allowed size has room for.
void write_addresses(ProtobufWriter& writer, const std::vector<Multiaddr>& addresses, std::size_t taken) {
  const std::size_t room = kMessageSizeMax - std::min(kMessageSizeMax, taken + kRoomForTheRest);
  std::size_t count = 0;
  for (const Multiaddr& address : addresses) {
    if (++count > kMessageAddressesMax || writer.view().size() + address.bytes().size() > room) return;
    writer.bytes(2, address.bytes());
  }
}

void read_address(ProtobufReader& reader, std::vector<Multiaddr>& addresses, std::size_t& seen) {
  const BytesView bytes = reader.repeated_bytes();
  if (++seen > kMessageAddressesMax) return;  // unreadable ones count too, so that they bound the work
  if (auto address = Multiaddr::from_bytes(bytes)) addresses.push_back(std::move(*address));
}

Bytes encode_peer(const Peer& peer) {
  ProtobufWriter writer;
  writer.bytes(1, peer.id.bytes());
  write_addresses(writer, peer.addresses, 0);
  return writer.take();
}

std::optional<Peer> read_peer(ProtobufReader& outer) {
  Peer peer;
  BytesView id;
  std::size_t seen = 0;
  ProtobufReader reader(outer.bytes(), ProtobufForm::kLenient);
  while (reader.next()) {
    switch (reader.field()) {
      case 1: id = reader.bytes(); break;
      case 2: read_address(reader, peer.addresses, seen); break;
      default: reader.unknown();
    }
  }
  const auto parsed = PeerId::from_bytes(id);
  if (!reader.finish() || !parsed) {
    outer.fail(Errc::kMalformed);
    return std::nullopt;
  }
  peer.id = *parsed;
  return peer;
}

Bytes encode_reservation(const Reservation& reservation) {
  ProtobufWriter writer;
  writer.varint(1, reservation.expires);
  write_addresses(writer, reservation.addresses, reservation.voucher.size());
  if (!reservation.voucher.empty()) writer.bytes(3, reservation.voucher);
  return writer.take();
}

std::optional<Reservation> read_reservation(ProtobufReader& outer) {
  Reservation reservation;
  std::size_t seen = 0;
  ProtobufReader reader(outer.bytes(), ProtobufForm::kLenient);
  while (reader.next()) {
    switch (reader.field()) {
      case 1: reservation.expires = reader.varint(); break;
      case 2: read_address(reader, reservation.addresses, seen); break;
      case 3: reservation.voucher = to_bytes(reader.bytes()); break;
      default: reader.unknown();
    }
  }
  if (!reader.finish()) {
    outer.fail(Errc::kMalformed);
    return std::nullopt;
  }
  return reservation;
}

// Begun seconds count whole: zero would read as no limit.
std::uint32_t seconds_of(Duration time) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(time).count();
  constexpr std::int64_t kMax = std::numeric_limits<std::uint32_t>::max();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(seconds, 0, kMax));
}

void write_limit(ProtobufWriter& writer, std::uint32_t field, const CircuitLimits& limit) {
  if (limit == CircuitLimits{}) return;
  ProtobufWriter inner;
  inner.varint(1, seconds_of(limit.time_max)).varint(2, limit.bytes_max);
  writer.bytes(field, inner.view());
}

CircuitLimits read_limit(ProtobufReader& outer) {
  CircuitLimits limit;
  ProtobufReader reader(outer.bytes(), ProtobufForm::kLenient);
  while (reader.next()) {
    switch (reader.field()) {
      case 1: limit.time_max = std::chrono::seconds(read_uint32(reader)); break;
      case 2: limit.bytes_max = reader.varint(); break;
      default: reader.unknown();
    }
  }
  if (!reader.finish()) outer.fail(Errc::kMalformed);
  return limit;
}

template <class Type>
Type read_type(ProtobufReader& reader, Type last) {
  const std::uint64_t value = reader.varint();
  if (value > static_cast<std::uint64_t>(last)) reader.fail(Errc::kMalformed);
  return static_cast<Type>(value);
}

template <class Message>
Result<Message> finished(const ProtobufReader& reader, Message message) {
  if (const auto end = reader.finish(); !end) return fail(end.error());
  return message;
}

}  // namespace

std::string_view to_string(Status status) {
  switch (status) {
    case Status::kUnused: return "UNUSED";
    case Status::kOk: return "OK";
    case Status::kReservationRefused: return "RESERVATION_REFUSED";
    case Status::kResourceLimitExceeded: return "RESOURCE_LIMIT_EXCEEDED";
    case Status::kPermissionDenied: return "PERMISSION_DENIED";
    case Status::kConnectionFailed: return "CONNECTION_FAILED";
    case Status::kNoReservation: return "NO_RESERVATION";
    case Status::kMalformedMessage: return "MALFORMED_MESSAGE";
    case Status::kUnexpectedMessage: return "UNEXPECTED_MESSAGE";
  }
  return "UNKNOWN";
}

Errc error_of(Status status) {
  switch (status) {
    case Status::kOk: return Errc::kOk;
    case Status::kReservationRefused: return Errc::kReservationRefused;
    case Status::kResourceLimitExceeded: return Errc::kRelayFull;
    case Status::kPermissionDenied: return Errc::kRelayDenied;
    case Status::kNoReservation: return Errc::kNoReservation;
    default: return Errc::kRelayFailed;
  }
}

Bytes encode(const HopMessage& message) {
  ProtobufWriter writer;
  writer.varint(1, static_cast<std::uint64_t>(message.type));
  if (message.peer) writer.bytes(2, encode_peer(*message.peer));
  if (message.reservation) writer.bytes(3, encode_reservation(*message.reservation));
  write_limit(writer, 4, message.limit);
  if (message.status) writer.varint(5, static_cast<std::uint64_t>(*message.status));
  return writer.take();
}

Bytes encode(const StopMessage& message) {
  ProtobufWriter writer;
  writer.varint(1, static_cast<std::uint64_t>(message.type));
  if (message.peer) writer.bytes(2, encode_peer(*message.peer));
  write_limit(writer, 3, message.limit);
  if (message.status) writer.varint(4, static_cast<std::uint64_t>(*message.status));
  return writer.take();
}

Result<HopMessage> decode_hop(BytesView bytes) {
  HopMessage message;
  ProtobufReader reader(bytes, ProtobufForm::kLenient);
  while (reader.next()) {
    switch (reader.field()) {
      case 1: message.type = read_type(reader, HopMessage::Type::kStatus); break;
      case 2: message.peer = read_peer(reader); break;
      case 3: message.reservation = read_reservation(reader); break;
      case 4: message.limit = read_limit(reader); break;
      case 5: message.status = static_cast<Status>(read_uint32(reader)); break;
      default: reader.unknown();
    }
  }
  return finished(reader, std::move(message));
}

Result<StopMessage> decode_stop(BytesView bytes) {
  StopMessage message;
  ProtobufReader reader(bytes, ProtobufForm::kLenient);
  while (reader.next()) {
    switch (reader.field()) {
      case 1: message.type = read_type(reader, StopMessage::Type::kStatus); break;
      case 2: message.peer = read_peer(reader); break;
      case 3: message.limit = read_limit(reader); break;
      case 4: message.status = static_cast<Status>(read_uint32(reader)); break;
      default: reader.unknown();
    }
  }
  return finished(reader, std::move(message));
}

}  // namespace warren::relay
