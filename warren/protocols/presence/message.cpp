#include "warren/protocols/presence/message.hpp"

#include "warren/base/protobuf_wire.hpp"

namespace warren::presence {

namespace {

constexpr std::uint64_t kVersion = 1;
constexpr std::uint64_t kUnixMsMax = std::uint64_t{1} << 53;  // docs/wire.md, "Common rules"

}  // namespace

Bytes Message::encode() const {
  return ProtobufWriter(kMessageSizeMax)
      .varint(1, kVersion)
      .varint(2, static_cast<std::uint64_t>(kind))
      .varint(3, static_cast<std::uint64_t>(unix_ms(at)))
      .take();
}

Result<Message> Message::decode(BytesView bytes) {
  std::uint64_t version = 0;
  std::uint64_t kind = 0;
  std::uint64_t at = 0;
  ProtobufReader reader(bytes, ProtobufForm::kCanonical);
  while (reader.next()) {
    switch (reader.field()) {
      case 1: version = reader.varint(); break;
      case 2: kind = reader.varint(); break;
      case 3: at = reader.varint(); break;
      default: reader.unknown();
    }
  }
  if (const auto end = reader.finish(); !end) return fail(end.error());
  if (version == 0 || kind == 0 || at == 0 || at > kUnixMsMax) return fail(Errc::kMalformed);
  if (version != kVersion || kind != static_cast<std::uint64_t>(Kind::kGoodbye))
    return fail(Errc::kUnsupported);
  return Message{Kind::kGoodbye, from_unix_ms(static_cast<std::int64_t>(at))};
}

}  // namespace warren::presence
