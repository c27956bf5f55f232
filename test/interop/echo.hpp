// /echo/1.0.0: every byte comes back, until the end of the stream, which is answered with the end of the
// stream.
#pragma once

#include "test/interop/commands.hpp"
#include "warren/core/host.hpp"

namespace warren::interop {

inline constexpr std::string_view kEchoProtocol = "/echo/1.0.0";

// Serves it on the host.
void serve_echo(Host& host);

// Opens `streams` streams at once, sends `bytes` bytes of another payload on each, ends the writing side, and
// checks what comes back, up to the end of the stream. No stream is closed before first bytes have come back
// on all of them, so that all are open together. Throws what went wrong on the first one that failed;
// kMalformed: other bytes than those sent, or more of them. Cancelable.
Task<void> echo(Env& env, ConnectionPtr connection, std::size_t streams, std::uint64_t bytes);

// The same as a command's answer. Throws kTooLarge for more than a test needs.
Task<Json> echo_event(Env& env, ConnectionPtr connection, std::uint64_t streams, std::uint64_t bytes);

}  // namespace warren::interop
