#include "warren/protocols/dcutr/message.hpp"

#include "warren/base/protobuf_wire.hpp"

namespace warren::dcutr {

namespace {

// Tag and value of the type.
constexpr std::size_t kTypeSize = 2;

// With its tag and length. Addresses have at most 1 KiB.
std::size_t written_size(const Multiaddr& address) {
  const std::size_t size = address.bytes().size();
  return (size < 128 ? 2 : 3) + size;
}

bool is_known(std::uint64_t type) {
  return type == static_cast<std::uint64_t>(Message::Type::kConnect) ||
         type == static_cast<std::uint64_t>(Message::Type::kSync);
}

}  // namespace

Bytes encode(const Message& message) {
  ProtobufWriter writer;
  writer.varint(1, static_cast<std::uint64_t>(message.type));
  for (const Multiaddr& address : message.addresses) writer.bytes(2, address.bytes());
  return writer.take();
}

Result<Message> decode(BytesView bytes) {
  Message message;
  std::uint64_t type = 0;
  std::size_t seen = 0;
  ProtobufReader reader(bytes, ProtobufForm::kLenient);
  while (reader.next()) {
    switch (reader.field()) {
      case 1: type = reader.varint(); break;
      case 2: {
        const BytesView address = reader.repeated_bytes();
        if (++seen > kMessageAddressesMax) break;  // unreadable ones count too, so that they bound the work
        if (auto parsed = Multiaddr::from_bytes(address)) message.addresses.push_back(std::move(*parsed));
        break;
      }
      default: reader.unknown();
    }
  }
  if (const auto end = reader.finish(); !end) return fail(end.error());
  if (!is_known(type)) return fail(Errc::kMalformed);
  message.type = static_cast<Message::Type>(type);
  return message;
}

std::size_t count_that_fit(const std::vector<Multiaddr>& addresses) {
  std::size_t size = kTypeSize;
  std::size_t count = 0;
  for (const Multiaddr& address : addresses) {
    size += written_size(address);
    if (size > kMessageSizeMax) break;
    ++count;
  }
  return count;
}

}  // namespace warren::dcutr
