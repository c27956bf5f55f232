// Where verified messages wait for their reader. The interface turns an arrow round: messaging/ writes to it
// and the store lives in storage/.
#pragma once

#include <cstdint>
#include <vector>

#include "warren/base/time.hpp"
#include "warren/crypto/hash.hpp"
#include "warren/crypto/node_id.hpp"
#include "warren/crypto/peer_id.hpp"

namespace warren {

// SM3(header || H(body)) of the envelope that carried the message (docs/wire.md).
using MessageId = Digest;

struct InboxMessage {
  std::uint64_t number = 0;  // given by the store: grows, is never used twice, not even after messages went
  MessageId id{};
  NodeId from_node;  // whose signature was verified
  PeerId from_peer;  // who brought it
  WallTime sent_at{};
  WallTime received_at{};
  Bytes payload;
};

struct InboxUsage {
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;   // as the bound counts them: payloads, and something for each row
  std::uint64_t unread = 0;  // messages that are not acknowledged yet
};

// A bounded inbox. Its calls may block on the disk: make them on the offload pool. Any one thread at a time.
class InboxStore {
 public:
  virtual ~InboxStore() = default;

  // Stores the message and returns its number (message.number is ignored). When this returns, the message is
  // on disk and survives a crash of the process and of the machine. Over the bound, acknowledged messages
  // make room, oldest first; unread ones are never dropped. kInboxFull: no room; kReplayed: a message of this
  // id is held already; kStorage.
  virtual Result<std::uint64_t> append(const InboxMessage& message) = 0;

  // Messages with a number above `number`, in order: at most `limit`, and no more than about 32 MiB of
  // payloads, but at least one if there is one. kStorage.
  virtual Result<std::vector<InboxMessage>> read_after(std::uint64_t number, std::size_t limit) = 0;

  // The reader has seen all messages up to this number: from now on they may make room for new ones.
  // kStorage.
  virtual Result<> acknowledge(std::uint64_t through) = 0;

  // Forgets all messages up to this number at once, read or not. kStorage.
  virtual Result<> remove_through(std::uint64_t number) = 0;

  virtual Result<InboxUsage> usage() = 0;
};

}  // namespace warren
