// Our side of a conversation: find the peer and the node it is, write one thing, read one answer.
#pragma once

#include <optional>

#include "warren/messaging/parts.hpp"

namespace warren {

// Whom we talk to.
struct Counterpart {
  ConnectionPtr connection;
  NodeId node;
};

// Finds out which node is at the other end: by this connection's binding; else, without waiting for it, by an
// unexpired binding that was verified before; else by waiting. Throws what BindingExchange::bound throws;
// kBindingMismatch: it is not the expected node.
Task<Counterpart> find_counterpart(MessagingParts& parts, ConnectionPtr connection,
                                   std::optional<NodeId> expected);

// After the answer: the connection itself must have proved by now to be the counterpart's. Waits for it if
// need be. kBindingMismatch, and what BindingExchange::bound throws.
Task<void> confirm_counterpart(MessagingParts& parts, const Counterpart& counterpart);

class Travel;

// Opens a stream, writes `wire` behind its length and reads the answer, at the same time, for a peer that
// refuses early. Tells the travel of the last part. Throws what the stream throws, kTooLarge.
Task<Bytes> converse(MessagingParts& parts, const Counterpart& counterpart, ProtocolId protocol,
                     const Bytes& wire, Travel& travel, std::size_t answer_max);

// Whether the connection or stream ended before the answer, so that asking again can help.
bool is_broken(std::error_code error);

}  // namespace warren
