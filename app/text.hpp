// Bytes of unknown origin as text that a terminal or a JSON reader can be shown.
#pragma once

#include <string>

#include "warren/base/bytes.hpp"
#include "warren/base/time.hpp"

namespace warren::app {

bool is_utf8(std::string_view text);

// The same text with control characters (but line feeds and tabs) and invalid UTF-8 as \xNN: what a peer
// chose must not move the cursor.
std::string printable(std::string_view text);

// RFC 4648 section 4, padded.
std::string base64(BytesView bytes);

// "2026-01-31T12:00:00.123Z"
std::string timestamp(std::int64_t unix_ms);

// "3 d 4 h", "2 min 5 s", "850 ms": the two largest units.
std::string duration_text(std::int64_t ms);

// "20.5 GiB", "16 MiB", "1.5 KiB", "12 bytes"
std::string size_text(std::uint64_t bytes);

}  // namespace warren::app
