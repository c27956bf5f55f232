// Whom a caller means: a node by its NodeID, a peer by its PeerID, or a peer at an address.
#pragma once

#include <string>
#include <variant>

#include "warren/core/peerstore.hpp"
#include "warren/crypto/node_id.hpp"

namespace warren {

class Target {
 public:
  Target(PeerId peer) : value_(std::move(peer)) {}  // NOLINT(google-explicit-constructor)
  Target(NodeId node) : value_(std::move(node)) {}  // NOLINT(google-explicit-constructor)
  // A peer with addresses where it may be found.
  Target(PeerInfo peer) : value_(std::move(peer)) {}  // NOLINT(google-explicit-constructor)

  // "zEPJ..." (or any other form of a NodeID), "12D3..." / "Qm..." / CID, or "/ip4/.../p2p/12D3...". A
  // multiaddr without /p2p is kBadAddress: nobody would know who answered. kBadEncoding for anything else.
  static Result<Target> parse(std::string_view text);

  const NodeId* node() const { return std::get_if<NodeId>(&value_); }
  const PeerId* peer() const { return std::get_if<PeerId>(&value_); }
  const PeerInfo* info() const { return std::get_if<PeerInfo>(&value_); }

  std::string to_string() const;

 private:
  std::variant<PeerId, NodeId, PeerInfo> value_;
};

}  // namespace warren
