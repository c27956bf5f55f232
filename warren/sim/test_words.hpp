// Test support: words over a pipe.
#pragma once

#include <string>

#include "warren/env/byte_stream.hpp"

namespace warren::sim {

inline Task<void> send(ByteStream& stream, std::string text) {
  co_await stream.write(as_bytes(text));
}

// What the next read gives.
inline Task<std::string> receive(ByteStream& stream) {
  Bytes buffer(100);
  const std::size_t count = co_await stream.read_some(buffer);
  co_return to_text(BytesView(buffer).first(count));
}

}  // namespace warren::sim
