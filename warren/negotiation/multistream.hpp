// multistream-select 1.0: how the two ends of a pipe agree on what to speak on it. Every message is a varint
// length, text, and a newline that the length counts:
//
//   dialer    \x13/multistream/1.0.0\n \x10/ipfs/ping/1.0.0... \n      listener  \x13/multistream/1.0.0\n the
//   same name, or
//                                                                                \x03na\n
//
// https://github.com/libp2p/specs/blob/master/connections/README.md#multistream-select
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "warren/core/stream.hpp"

namespace warren::multistream {

inline constexpr std::string_view kHeader = "/multistream/1.0.0";

// The longest message that is read, newline included. go reads 1,024 too, so nobody can depend on more.
inline constexpr std::size_t kMessageSizeMax = 1024;

// Proposals (`ls` included) that a listener answers on one stream: more than any peer has versions of one
// protocol.
inline constexpr int kProposalsMax = 16;

// The bytes of one message.
Bytes encode(std::string_view text);

// The text of the next message, without its newline; nothing behind it is read. Throws kTooLarge, kMalformed
// (no newline) or what read_some throws.
Task<std::string> read_message(ByteStream& stream);

// The dialer's side when the answer is as good as known, as it is on a stream: costs no round trip. Header
// and proposal travel with the first write (or the first read, or close_write, if nothing was written
// before), and the answer is checked by the first read: another one than agreement resets the stream and
// throws kProtocolNotSupported, or kMalformed if it is not multistream-select at all. Who never reads never
// learns. The protocol's name must fit in a message (kMessageSizeMax).
StreamPtr propose_optimistically(StreamPtr stream, ProtocolId protocol);

// The dialer's side when it must know: proposes one after the other until the listener agrees. Throws
// kProtocolNotSupported when it refused them all, kMalformed or kTooLarge for another answer. The caller sets
// the time limit, and resets the stream on errors.
Task<ProtocolId> propose(ByteStream& stream, std::vector<ProtocolId> protocols);

// The listener's side: refuses proposals until one is supported, and returns that. Reads nothing behind it,
// so data sent along with the proposal is there for whoever reads next. Throws kMalformed, kTooLarge,
// kEndOfStream, or kLimitReached after kProposalsMax proposals. The caller sets the time limit, and resets
// the stream on errors.
Task<ProtocolId> respond(ByteStream& stream, std::vector<ProtocolId> supported);

// The same where a list would have to be made for every stream. Here `ls` is refused, as go does.
Task<ProtocolId> respond(ByteStream& stream, std::function<bool(const ProtocolId&)> supports);

}  // namespace warren::multistream
