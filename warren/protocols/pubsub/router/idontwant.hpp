// What one peer has, as far as we know: it said IDONTWANT, or it sent us a copy. Forgotten after a few
// heartbeats. https://github.com/libp2p/specs/blob/master/pubsub/gossipsub/gossipsub-v1.2.md
#pragma once

#include <array>

#include "warren/protocols/pubsub/router/fingerprint_set.hpp"

namespace warren::pubsub {

// Heartbeats, the current one included: a message has gone through any network by then.
inline constexpr std::size_t kKnownHeartbeats = 3;

class KnownMessages {
 public:
  // False: `max` are kept of this heartbeat already.
  bool add(Fingerprint message, std::uint64_t heartbeat, std::size_t max);
  bool contains(Fingerprint message, std::uint64_t heartbeat) const;
  std::size_t size() const;

 private:
  struct Window {
    std::uint64_t heartbeat = 0;
    FingerprintSet messages;
  };
  std::array<Window, kKnownHeartbeats> windows_;  // in turn; cleared when they are written to again
};

}  // namespace warren::pubsub
