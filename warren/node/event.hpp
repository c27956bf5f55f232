// What happens at a node's edge, as one stream of values: who connected, who left and why, what peers say of
// themselves, and what was refused.
#pragma once

#include <optional>
#include <string>
#include <system_error>

#include "warren/base/time.hpp"
#include "warren/core/connection.hpp"
#include "warren/crypto/node_id.hpp"
#include "warren/crypto/peer_id.hpp"
#include "warren/multiformats/multiaddr.hpp"

namespace warren {

struct NodeEvent {
  enum class Kind {
    kConnected,     // a new connection, in either direction
    kDisconnected,  // it has ended: reason
    kIdentified,    // the peer of a connection has said what it runs: agent_version, protocols
    kRefused,       // an inbound connection, stream or message was not taken: reason
    kArrived,       // a node has joined the network, or was found for the first time
    kLeft,          // a node is gone: reason kClosed, it said goodbye; else what the probes failed with
    kReachability,  // what others say of this node: state "reachable", "unreachable", "unknown"
    kRelay,         // the relay `peer` is "held", or "lost" for `reason`
    kPath,          // what is sent to `peer` takes another path: state "direct", "relayed" or "none"; address
  };

  Kind kind = Kind::kConnected;
  WallTime at{};
  std::optional<PeerId> peer;          // always, but for a connection refused before the peer was known
  std::optional<NodeId> node;          // when the peer has presented a valid binding by then
  std::optional<Multiaddr> address;    // the remote end's
  std::optional<Direction> direction;  // none of a refused message
  ProtocolId security;                 // kConnected: "/noise"...
  ProtocolId muxer;                    // kConnected: "/yamux/1.0.0"
  std::string agent_version;           // kIdentified: the peer's own words; may be empty
  std::size_t protocols = 0;           // kIdentified: how many it speaks
  std::error_code reason;              // kDisconnected (kClosed: in good order), kRefused, kLeft
  std::string knob;                    // kRefused: the limit (limit_knobs()), when it was one
  std::string state;                   // kReachability, kRelay, kPath
  ProtocolId protocol;                 // kRefused: of a message, "/warren/message/1.0.0"...
};

}  // namespace warren
