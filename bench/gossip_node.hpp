// The nodes of gossip_bench.py: TCP, Noise, yamux and identify, on loopback, without limits.
#pragma once

#include "bench/pair_program.hpp"
#include "warren/protocols/identify/identify.hpp"
#include "warren/swarm/test_tcp_node.hpp"

namespace warren::bench {

// `env` outlives it.
struct GossipNode : TcpNode {
  explicit GossipNode(Env& env) : TcpNode(env), identify(host, "bench/1") { identify.start(); }

  Task<void> close() {
    co_await identify.close();
    co_await host.close();
  }

  identify::Identify identify;
};

}  // namespace warren::bench
