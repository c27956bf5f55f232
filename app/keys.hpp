// The keys of a data directory: two, or in identity mode "sm2" one.
#pragma once

#include <optional>

#include "app/data_dir.hpp"
#include "warren/crypto/keys.hpp"
#include "warren/crypto/node_id.hpp"
#include "warren/crypto/peer_id.hpp"
#include "warren/node/config.hpp"

namespace warren::app {

struct Keys {
  Sm2PrivateKey node;
  std::optional<PrivateKey> peer;  // in mode "bound"

  NodeId node_id() const { return NodeId(node.public_key()); }
  PeerId peer_id() const {
    return PeerId::from_public_key(peer ? peer->public_key() : PublicKey::from_sm2(node.public_key()));
  }
};

// Makes what the mode needs, and writes it. Throws Failure; a key file that exists is left alone.
Keys create_keys(const DataDir& dir, IdentityMode mode);

// Throws Failure with the file and what is wrong with it.
Keys load_keys(const DataDir& dir, IdentityMode mode);

}  // namespace warren::app
