// Test support: a host on a simulated machine, with the security and the muxer of a real node.
#pragma once

#include "warren/muxer/yamux/muxer.hpp"
#include "warren/security/noise/transport.hpp"
#include "warren/sim/world.hpp"
#include "warren/swarm/host.hpp"
#include "warren/swarm/peerstore.hpp"
#include "warren/transport/tcp/transport.hpp"

namespace warren {

struct TestNode {
  explicit TestNode(sim::Machine& machine, SwarmLimits limits = {})
      : machine(machine),
        key(PrivateKey::generate(KeyType::kEd25519, [&](MutableBytes to) { machine.env().random.fill(to); })),
        tcp(machine.env()),
        noise(key, machine.env().random, machine.env().offload),
        yamux(machine.env()),
        upgrader({&noise}, {&yamux}),
        host(machine.env(), key, limits, upgrader, {&tcp}, peerstore) {}

  // Listens on the machine's first address; how others dial it.
  PeerInfo listen() {
    const auto address = Multiaddr::parse("/ip4/" + machine.address().to_string() + "/tcp/0");
    return {host.peer_id(), {value_or_throw(host.listen(value_or_throw(address)))}};
  }

  sim::Machine& machine;
  PrivateKey key;
  tcp::TcpTransport tcp;
  noise::NoiseTransport noise;
  yamux::YamuxMuxer yamux;
  Upgrader upgrader;
  MemoryPeerstore peerstore;
  SwarmHost host;
};

}  // namespace warren
