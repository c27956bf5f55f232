// The message of presence: docs/wire.md, "Presence".
//
//   field 1  varint  version, 1
//   field 2  varint  kind: 1 = goodbye
//   field 3  varint  when it was said, Unix milliseconds
#pragma once

#include "warren/base/bytes.hpp"
#include "warren/base/time.hpp"

namespace warren::presence {

inline constexpr std::size_t kMessageSizeMax = 32;  // ours has 12 bytes

enum class Kind : std::uint8_t { kGoodbye = 1 };

struct Message {
  Kind kind = Kind::kGoodbye;
  WallTime at{};

  Bytes encode() const;
  // kMalformed for anything but the canonical form; kUnsupported for a version or a kind of others.
  static Result<Message> decode(BytesView bytes);

  bool operator==(const Message&) const = default;
};

}  // namespace warren::presence
