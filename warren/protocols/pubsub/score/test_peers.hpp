// PeerIds and a time, for tests of scores.
#pragma once

#include "warren/base/time.hpp"
#include "warren/crypto/peer_id.hpp"

namespace warren::pubsub::testing {

inline const Instant kStart{1000s};

inline PeerId peer(std::uint8_t number) {
  Bytes multihash = {0x12, 0x20};  // sha2-256, 32 bytes
  multihash.resize(34, number);
  return value_or_throw(PeerId::from_bytes(multihash));
}

}  // namespace warren::pubsub::testing
