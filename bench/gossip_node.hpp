// The nodes of gossip_bench.py: TCP, Noise, yamux and identify, on loopback, without limits.
#pragma once

#include <fmt/core.h>

#include "test/interop/line_reader.hpp"
#include "warren/env/env.hpp"
#include "warren/muxer/yamux/muxer.hpp"
#include "warren/protocols/identify/identify.hpp"
#include "warren/security/noise/transport.hpp"
#include "warren/swarm/host.hpp"
#include "warren/swarm/peerstore.hpp"
#include "warren/transport/tcp/transport.hpp"

namespace warren::bench {

// `env` outlives it.
struct GossipNode {
  explicit GossipNode(Env& env)
      : key(PrivateKey::generate(KeyType::kEd25519, [&env](MutableBytes to) { env.random.fill(to); })),
        tcp(env),
        noise(key, env.random, env.offload),
        yamux(env),
        upgrader({&noise}, {&yamux}),
        host(env, key, SwarmLimits(), upgrader, {.pipes = {&tcp}}, peerstore),
        identify(host, "bench/1") {
    identify.start();
  }

  Task<void> close() {
    co_await identify.close();
    co_await host.close();
  }

  PrivateKey key;
  tcp::TcpTransport tcp;
  noise::NoiseTransport noise;
  yamux::YamuxMuxer yamux;
  Upgrader upgrader;
  MemoryPeerstore peerstore;
  SwarmHost host;
  identify::Identify identify;
};

inline void say(const std::string& line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

}  // namespace warren::bench
