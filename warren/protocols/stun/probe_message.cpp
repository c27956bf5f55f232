#include "warren/protocols/stun/probe_message.hpp"

#include <algorithm>

#include "warren/base/protobuf_wire.hpp"

namespace warren::stun {

namespace {

std::uint16_t read_port(ProtobufReader& reader) {
  const std::uint64_t value = reader.varint();
  if (value > 0xffff) reader.fail(Errc::kMalformed);
  return static_cast<std::uint16_t>(value);
}

IpAddress read_address(ProtobufReader& reader) {
  const auto address = IpAddress::from_bytes(reader.bytes());
  if (!address) reader.fail(Errc::kMalformed);
  return address.value_or(IpAddress());
}

ProbeStatus status_of(std::uint64_t value) {
  const auto last = static_cast<std::uint64_t>(ProbeStatus::kUnavailable);
  return value == 0 || value > last ? ProbeStatus::kRefused : static_cast<ProbeStatus>(value);
}

Result<Offer> decode_offer(BytesView bytes) {
  Offer offer;
  ProtobufReader reader(bytes, ProtobufForm::kLenient);
  while (reader.next()) {
    switch (reader.field()) {
      case 1: offer.address = read_address(reader); break;
      case 2: offer.port = read_port(reader); break;
      case 3: offer.alternate_port = read_port(reader); break;
      default: reader.unknown();
    }
  }
  if (auto end = reader.finish(); !end) return fail(end.error());
  if (offer.port == 0) return fail(Errc::kMalformed);
  return offer;
}

Bytes encode_offer(const Offer& offer) {
  ProtobufWriter to;
  if (offer.address) to.bytes(1, offer.address->bytes());
  to.varint(2, offer.port);
  if (offer.alternate_port != 0) to.varint(3, offer.alternate_port);
  return to.take();
}

}  // namespace

Bytes encode(const ProbeRequest& request) {
  ProtobufWriter to;
  if (const auto& probe = request.probe) {
    to.bytes(1, probe->token).bytes(2, probe->target.address.bytes()).varint(3, probe->target.port);
    if (probe->from_alternate) to.varint(4, 1);
  }
  return to.take();
}

Bytes encode(const ProbeResponse& response) {
  ProtobufWriter to;
  to.varint(1, static_cast<std::uint64_t>(response.status));
  for (const Offer& offer : response.offers) to.bytes(2, encode_offer(offer));
  return to.take();
}

Result<ProbeRequest> decode_probe_request(BytesView bytes) {
  if (bytes.size() > kProbeRequestSizeMax) return fail(Errc::kTooLarge);
  BytesView token;
  std::optional<IpAddress> address;
  std::uint16_t port = 0;
  std::uint64_t from = 0;
  ProtobufReader reader(bytes, ProtobufForm::kLenient);
  while (reader.next()) {
    switch (reader.field()) {
      case 1: token = reader.bytes(); break;
      case 2: address = read_address(reader); break;
      case 3: port = read_port(reader); break;
      case 4: from = reader.varint(); break;
      default: reader.unknown();
    }
  }
  if (auto end = reader.finish(); !end) return fail(end.error());
  if (token.empty() && !address) return ProbeRequest{};
  ProbeRequest::Probe probe;
  if (token.size() != probe.token.size() || !address || port == 0 || from > 1) return fail(Errc::kMalformed);
  std::ranges::copy(token, probe.token.begin());
  probe.target = {*address, port};
  probe.from_alternate = from == 1;
  return ProbeRequest{probe};
}

Result<ProbeResponse> decode_probe_response(BytesView bytes) {
  if (bytes.size() > kProbeResponseSizeMax) return fail(Errc::kTooLarge);
  ProbeResponse response{.status = ProbeStatus::kRefused, .offers = {}};
  ProtobufReader reader(bytes, ProtobufForm::kLenient);
  while (reader.next()) {
    if (reader.field() == 1) {
      response.status = status_of(reader.varint());
    } else if (reader.field() == 2) {
      const auto offer = decode_offer(reader.repeated_bytes());
      if (!offer) return fail(offer.error());
      if (response.offers.size() < kOffersMax) response.offers.push_back(*offer);
    } else {
      reader.unknown();
    }
  }
  if (auto end = reader.finish(); !end) return fail(end.error());
  return response;
}

}  // namespace warren::stun
