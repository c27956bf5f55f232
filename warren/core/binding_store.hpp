// Which PeerID a NodeID was bound to last. The interface turns an arrow round: messaging/ writes to it and
// the store lives in storage/.
#pragma once

#include <cstdint>
#include <optional>

#include "warren/base/time.hpp"
#include "warren/crypto/node_id.hpp"
#include "warren/crypto/peer_id.hpp"

namespace warren {

// A verified binding (docs/wire.md).
struct StoredBinding {
  NodeId node;
  PeerId peer;
  std::uint64_t serial = 0;
  WallTime not_after{};
  Bytes signed_binding;  // as it came, to be shown to others
};

// One binding per NodeID, bounded in count: over the bound the expired ones go first, then those not stored
// for the longest time. Calls may block on the disk: make them on the offload pool. Any one thread at a time.
class BindingStore {
 public:
  virtual ~BindingStore() = default;

  // Replaces what is held for this NodeID. kStaleBinding: a higher serial is held, also after a restart;
  // kStorage.
  virtual Result<> put(const StoredBinding& binding, WallTime now) = 0;

  // The latest binding of this NodeID, expired or not. kNotFound, kStorage.
  virtual Result<StoredBinding> find(const NodeId& node) = 0;

  // The binding stored last that names this peer. kNotFound, kStorage.
  virtual Result<StoredBinding> find(const PeerId& peer) = 0;
};

}  // namespace warren
