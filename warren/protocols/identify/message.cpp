#include "warren/protocols/identify/message.hpp"

#include "warren/base/protobuf_wire.hpp"

namespace warren::identify {

namespace {

enum Field : std::uint32_t {
  kPublicKey = 1,
  kListenAddresses = 2,
  kProtocols = 3,
  kObservedAddress = 4,
  kVersionOfProtocol = 5,
  kAgentVersion = 6,
  kSignedPeerRecord = 8,
};

std::optional<Multiaddr> address_from(BytesView bytes) {
  auto address = Multiaddr::from_bytes(bytes);
  return address ? std::optional(std::move(*address)) : std::nullopt;
}

// Text that will be shown and logged: bounded, and without control characters.
std::string clean_text(BytesView bytes, std::size_t size_max) {
  std::string text = to_text(bytes.first(std::min(bytes.size(), size_max)));
  std::erase_if(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  return text;
}

}  // namespace

Bytes Message::encode() const {
  ProtobufWriter writer;
  if (public_key) writer.bytes(kPublicKey, *public_key);
  for (const Multiaddr& address : listen_addresses) writer.bytes(kListenAddresses, address.bytes());
  for (const ProtocolId& protocol : protocols) writer.bytes(kProtocols, as_bytes(protocol));
  if (observed_address) writer.bytes(kObservedAddress, observed_address->bytes());
  if (protocol_version) writer.bytes(kVersionOfProtocol, as_bytes(*protocol_version));
  if (agent_version) writer.bytes(kAgentVersion, as_bytes(*agent_version));
  if (signed_peer_record) writer.bytes(kSignedPeerRecord, *signed_peer_record);
  return writer.take();
}

Result<> Message::merge(BytesView encoded, const Limits& limits) {
  ProtobufReader reader(encoded, ProtobufForm::kLenient);
  while (reader.next()) {
    switch (reader.field()) {
      case kPublicKey: public_key = to_bytes(reader.bytes()); break;
      case kListenAddresses: {
        auto address = address_from(reader.repeated_bytes());
        if (!address) break;
        if (listen_addresses.size() < limits.addresses_max) {
          listen_addresses.push_back(std::move(*address));
        } else {
          ++addresses_cut;
        }
        break;
      }
      case kProtocols: {
        const BytesView protocol = reader.repeated_bytes();
        if (protocol.size() > limits.text_size_max) break;
        if (protocols.size() < limits.protocols_max) {
          protocols.push_back(clean_text(protocol, limits.text_size_max));
        } else {
          ++protocols_cut;
        }
        break;
      }
      case kObservedAddress: observed_address = address_from(reader.bytes()); break;
      case kVersionOfProtocol: protocol_version = clean_text(reader.bytes(), limits.text_size_max); break;
      case kAgentVersion: agent_version = clean_text(reader.bytes(), limits.text_size_max); break;
      case kSignedPeerRecord: signed_peer_record = to_bytes(reader.bytes()); break;
      default: reader.unknown();
    }
  }
  return reader.finish();
}

}  // namespace warren::identify
