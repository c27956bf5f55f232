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

// Which of our addresses are of use to that peer: loopback ones only when it came over loopback.
std::vector<Multiaddr> shown_to(const Connection& connection, std::vector<Multiaddr> addresses);

}  // namespace warren::identify
