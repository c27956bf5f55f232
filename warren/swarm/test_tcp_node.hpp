// Test support: the smallest node that others can talk to, over TCP with Noise and yamux. It runs on any Env,
// the kernel's as well.
#pragma once

#include "warren/env/env.hpp"
#include "warren/muxer/yamux/muxer.hpp"
#include "warren/security/noise/transport.hpp"
#include "warren/swarm/host.hpp"
#include "warren/swarm/peerstore.hpp"
#include "warren/transport/tcp/transport.hpp"

namespace warren {

// With a new key. `env` outlives it.
struct TcpNode {
  explicit TcpNode(Env& env, SwarmLimits limits = {})
      : key(PrivateKey::generate(KeyType::kEd25519, [&env](MutableBytes to) { env.random.fill(to); })),
        tcp(env),
        noise(key, env.random, env.offload),
        yamux(env),
        upgrader({&noise}, {&yamux}),
        host(env, key, limits, upgrader, {.pipes = {&tcp}}, peerstore) {}

  // Where it then listens, with its name; its machine's loopback address unless another is given.
  Multiaddr listen(std::string_view address = "/ip4/127.0.0.1/tcp/0") {
    const Multiaddr bound = value_or_throw(host.listen(value_or_throw(Multiaddr::parse(address))));
    return bound.with(Protocol::kP2p, host.peer_id().bytes());
  }

  PrivateKey key;
  tcp::TcpTransport tcp;
  noise::NoiseTransport noise;
  yamux::YamuxMuxer yamux;
  Upgrader upgrader;
  MemoryPeerstore peerstore;
  SwarmHost host;
};

}  // namespace warren
