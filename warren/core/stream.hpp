// Reading and writing whole messages on a ByteStream. Streams are what protocols speak on; each is a
// ByteStream that somebody negotiated a protocol for.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "warren/env/byte_stream.hpp"

namespace warren {

using StreamPtr = std::unique_ptr<ByteStream>;

// A protocol's name on the wire, such as "/ipfs/ping/1.0.0".
using ProtocolId = std::string;

// Reads exactly to.size() bytes. Throws kEndOfStream when the other side ends before.
Task<void> read_exactly(ByteStream& stream, MutableBytes to);

// Reads a message behind its varint length. Throws kTooLarge for a length over `size_max`, before any memory
// is taken for it.
Task<Bytes> read_delimited(ByteStream& stream, std::size_t size_max);

// The same, but std::nullopt when the other side ended its half before the message began.
Task<std::optional<Bytes>> read_delimited_or_end(ByteStream& stream, std::size_t size_max);

// Writes a message behind its varint length, in one write.
Task<void> write_delimited(ByteStream& stream, BytesView message);

// Reads until the other side ends its half. Throws kTooLarge when there is more than `size_max`.
Task<Bytes> read_to_end(ByteStream& stream, std::size_t size_max);

}  // namespace warren
