// What a router wants done: frames to be sent, peers to be dialed. The pump (or a simulation) takes and does
// it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "warren/crypto/peer_id.hpp"
#include "warren/protocols/pubsub/router/tally.hpp"
#include "warren/protocols/pubsub/wire/names.hpp"

namespace warren::pubsub {

// What leaves first when a peer is slow, and is dropped last.
enum class Priority { kControl, kOwn, kForwarded };

struct Send {
  PeerId to;
  Frame frame;
  Priority priority = Priority::kControl;
  MessageId message;                              // of a message; empty: control
  std::shared_ptr<SendTally> tally;               // of own messages, where somebody counts
  std::shared_ptr<std::uint64_t> bytes_out = {};  // of the topic: grows when this is written; may be null
};

// The peer says that it has these: what is queued for it and not written yet need not be.
struct Withdraw {
  PeerId to;
  std::vector<MessageId> messages;
};

// A peer that is worth a connection: explicit, or offered in a PRUNE.
struct Dial {
  PeerId peer;
  Bytes signed_peer_record;  // unverified; may be empty
};

struct Actions {
  std::vector<Send> sends;
  std::vector<Withdraw> withdrawals;
  std::vector<Dial> dials;
  std::vector<PeerId> grafted;  // now in some mesh: keep the connection
  std::vector<PeerId> pruned;   // in no mesh any more

  bool empty() const;
};

}  // namespace warren::pubsub
