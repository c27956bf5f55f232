// A secured, multiplexed connection before a swarm adopts it: what the upgrader makes of a raw pipe, and what
// transports like QUIC yield by themselves.
#pragma once

#include "warren/core/connection.hpp"
#include "warren/core/muxer.hpp"

namespace warren {

struct UpgradedConnection {
  std::unique_ptr<MuxedConnection> muxed;
  PeerId remote_peer;
  PublicKey remote_key;
  Multiaddr local;
  Multiaddr remote;
  Direction direction;
  ProtocolId security;
  ProtocolId muxer;
  std::shared_ptr<const CircuitBudget> budget = nullptr;  // of a relayed one with limits
};

}  // namespace warren
