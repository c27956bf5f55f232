// The two keys of a data directory.
#pragma once

#include "app/data_dir.hpp"
#include "warren/crypto/keys.hpp"
#include "warren/crypto/node_id.hpp"
#include "warren/crypto/peer_id.hpp"

namespace warren::app {

struct Keys {
  Sm2PrivateKey node;
  PrivateKey peer;

  NodeId node_id() const { return NodeId(node.public_key()); }
  PeerId peer_id() const { return PeerId::from_public_key(peer.public_key()); }
};

// Makes both and writes them. Throws Failure; a key file that exists is left alone.
Keys create_keys(const DataDir& dir);

// Throws Failure with the file and what is wrong with it.
Keys load_keys(const DataDir& dir);

}  // namespace warren::app
