// WebSocket's opening handshake: one HTTP/1.1 request and its answer, after which the pipe carries frames.
// https://www.rfc-editor.org/rfc/rfc6455#section-4
#pragma once

#include "warren/core/stream.hpp"
#include "warren/env/clock.hpp"
#include "warren/env/random.hpp"

namespace warren::websocket {

// Of a request or an answer with all its fields.
inline constexpr std::size_t kHttpSizeMax = 8 * 1024;

// Both return what came behind the peer's part: its first frames. Both leave the pipe as it is when they
// throw, or are canceled: the caller resets it.

// Asks whoever is there for a WebSocket. `host` is the Host field. Throws kProtocolNotSupported when an HTTP
// server answers that has none, kMalformed for what is no HTTP, or no answer to us; kTooLarge; kEndOfStream
// and kReset.
Task<Bytes> ask_for_websocket(ByteStream& pipe, std::string host, Random& random);

// Answers a client, which may ask for any host, origin and path. Who asks for something else gets status 400,
// 426 or 431, and kProtocolNotSupported, kMalformed or kTooLarge is thrown; kEndOfStream and kReset.
Task<Bytes> answer_websocket(ByteStream& pipe, Clock& clock);

// What the server makes of the client's key, to show that it knows WebSockets.
std::string accept_value(std::string_view key);

}  // namespace warren::websocket
