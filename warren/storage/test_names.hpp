// For the tests of this folder: who the rows are about, and when.
#pragma once

#include "warren/base/time.hpp"
#include "warren/crypto/node_id.hpp"
#include "warren/crypto/peer_id.hpp"

namespace warren {

inline constexpr WallTime kNow{std::chrono::milliseconds(1'700'000'000'000)};

// Different nodes: the first x coordinates from 1 on that are on the curve.
inline NodeId some_node(int which = 0) {
  Bytes key(33);
  key[0] = 2;
  for (int x = 0, found = -1;; ++x) {
    key[31] = static_cast<std::uint8_t>(x >> 8);
    key[32] = static_cast<std::uint8_t>(x);
    const auto node = NodeId::from_key_bytes(key);
    if (node && ++found == which) return *node;
  }
}

inline PeerId some_peer(std::uint8_t number = 1) {
  Bytes multihash = {0x12, 0x20};
  multihash.resize(34, number);
  return value_or_throw(PeerId::from_bytes(multihash));
}

}  // namespace warren
