// What GossipSub goes by besides the router's parameters, and where it accounts for what peers take up.
#pragma once

#include <cstdint>
#include <vector>

#include "warren/core/limit.hpp"
#include "warren/protocols/pubsub/router/params.hpp"

namespace warren::pubsub {

struct GossipConfig {
  GossipParams params;
  bool unsigned_messages = false;  // StrictNoSign instead of StrictSign; all peers must agree
  std::vector<PeerId> direct;      // explicit peers

  // What waits for one peer; over it, forwarded messages are dropped first, then own ones. Control that does
  // not fit ends the stream: a peer that reads nothing is none.
  std::size_t queue_bytes_max = 4 * 1024 * 1024;
  // Bytes written at once: several frames to the peer in one go.
  std::size_t batch_bytes = 64 * 1024;
  // Messages that wait for their signature or their validator. Who has brought so many is not read until some
  // are done, and neither is anybody when there are so many in all.
  std::size_t validations_max = 1024;
  std::size_t validations_per_peer_max = 256;
  // A message whose validator takes longer, or could not even begin by then, is ignored (the spec's
  // throttling).
  Duration validation_timeout = 10s;
  // A peer that takes nothing for so long is given up.
  Duration write_timeout = 30s;
};

// Null: no account.
struct Accounts {
  Limit* topics = nullptr;       // joined
  Limit* queue_bytes = nullptr;  // of all peers together
};

// Signatures of messages, checked on the pool.
struct Verifications {
  std::uint64_t done = 0;
  std::uint64_t failed = 0;
  Duration took{};
};

}  // namespace warren::pubsub
