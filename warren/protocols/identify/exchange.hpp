// The conversation of identify: one side sends messages and ends its half, the other reads until then.
#pragma once

#include "warren/core/connection.hpp"
#include "warren/env/clock.hpp"
#include "warren/protocols/identify/message.hpp"

namespace warren::identify {

// Sends the message whole, ends the stream and waits until the other side has read it.
Task<void> send(Clock& clock, StreamPtr stream, Message message);

// Reads all messages up to the end. Throws kLimitReached for more than limits.messages_max, kTooLarge,
// kMalformed, kEndOfStream.
Task<Message> receive(ByteStream& stream, Limits limits);

// Of our addresses, bytes that are shown at most. They are sent twice, in the list and in the signed record,
// and peers read 8 KiB (Limits::message_size_max) with 256 names of protocols beside them.
inline constexpr std::size_t kShownBytesMax = 2048;

// Which of our addresses are of use to that peer, by how far the connection reaches: over a public address
// public ones, over a private one also private ones, over loopback all. They are nobody else's business, and
// a stranger who dials them reaches somebody else's machine. A circuit, as a connection and as an address,
// reaches as far as its relay's address does: a relay at a private address is one of our own network. Whoever
// is behind a public relay and still in our own network finds us by mDNS, or sees where we are by our public
// address. When there are too many, public ones and circuits stay.
std::vector<Multiaddr> shown_to(const Connection& connection, std::vector<Multiaddr> addresses);

}  // namespace warren::identify
