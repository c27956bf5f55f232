// What client and server say on a stream of AutoNAT v2, from the client's side: please dial one of these, the
// data that this may cost, and what came of it.
// https://github.com/libp2p/specs/blob/master/autonat/autonat-v2.md#autonat-v2-protocol
#pragma once

#include <optional>

#include "warren/core/stream.hpp"
#include "warren/protocols/autonat/v2_message.hpp"

namespace warren::autonat {

struct DialExchange {
  // Nothing: the server wanted data, and too much of it, or none was to be sent.
  std::optional<v2::DialResponse> response;
  std::uint64_t data_sent = 0;
};

// Throws kMalformed for answers that do not belong there, or are about an address that was not named, and
// what ends a conversation. Cancelable.
Task<DialExchange> request_dial(ByteStream& stream, v2::DialRequest request, bool send_data);

}  // namespace warren::autonat
