// Varints on a stream, whose size nobody knows before they are read.
#pragma once

#include "warren/core/stream.hpp"

namespace warren {

// One varint and nothing behind it; std::nullopt when the other side ended its half before it began. Throws
// kEndOfStream in its middle, kNotMinimal, kTooLarge.
Task<std::optional<std::uint64_t>> read_varint_or_end(ByteStream& stream);

// The same where there must be one: else kEndOfStream.
Task<std::uint64_t> read_varint(ByteStream& stream);

}  // namespace warren
