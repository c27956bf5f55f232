// What a punch does with each address of the peer. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "warren/core/punch.hpp"
#include "warren/env/endpoint.hpp"
#include "warren/swarm/gate.hpp"
#include "warren/swarm/transports.hpp"

namespace warren {

enum class PunchWay {
  kPipe,   // dial, again and again, and take the pipe through the handshake
  kMuxed,  // dial a finished connection
  kKnock,  // open our side's filter for the peer, who dials
};

struct PunchTarget {
  Multiaddr address;
  PunchWay way;
};

struct PunchPlan {
  // Of one peer at a time: dialed finished connections, each with a handshake of its own, as go-libp2p
  // does...
  static constexpr std::size_t kMuxedDialsMax = 8;
  // ... and addresses at all, with predicted ports.
  static constexpr std::size_t kAddressesMax = 64;

  std::vector<PunchTarget> targets;  // in the order given
  std::vector<DialOutcome> left_out;
};

PunchPlan plan_punch(const PunchCall& call, const Transports& transports, const Gate& gate);

// Of /ip4|ip6/.../tcp/... and nothing after it.
std::optional<Endpoint> plain_tcp_endpoint(const Multiaddr& address);

}  // namespace warren
