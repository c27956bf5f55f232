// Ping: 32 random bytes, echoed. Tells that the peer is there, and how far away.
// https://github.com/libp2p/specs/blob/master/ping/ping.md
#pragma once

#include "warren/core/host.hpp"

namespace warren::ping {

inline constexpr std::string_view kProtocol = "/ipfs/ping/1.0.0";
inline constexpr std::size_t kPayloadSize = 32;

// A peer that wants to keep its stream open for the next ping has this long.
inline constexpr Duration kIdleTimeout = 60s;
inline constexpr Duration kReplyTimeout = 10s;
// What the peer has for ending its side, once we have ended ours.
inline constexpr Duration kGoodbyeTimeout = 1s;

// Echoes until the peer ends the stream. The handler for kProtocol.
Task<void> answer(Clock& clock, StreamPtr stream);

// One ping on an open stream; the time from the write to the whole reply. Throws kTimedOut; kMalformed for
// another reply.
Task<Duration> ping(Env& env, ByteStream& stream);

// One ping on a stream of its own, which both sides have ended when this returns, if the peer does so in
// time: go-libp2p refuses a third one at a time.
Task<Duration> ping(Env& env, ConnectionPtr connection);

// Serves pings.
void serve(Host& host);

}  // namespace warren::ping
