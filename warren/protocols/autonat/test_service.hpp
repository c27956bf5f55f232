// Test support: an AutoNAT server on a simulated machine, with the host that it dials back with.
#pragma once

#include "warren/protocols/autonat/blank_peerstore.hpp"
#include "warren/protocols/autonat/client.hpp"
#include "warren/protocols/autonat/server.hpp"
#include "warren/protocols/autonat/test_values.hpp"
#include "warren/swarm/test_node.hpp"

namespace warren::autonat {

// A second host of a machine: other sockets, another key, no memory.
struct TestProber {
  explicit TestProber(sim::Machine& machine)
      : key(PrivateKey::generate(KeyType::kEd25519, [&](MutableBytes to) { machine.env().random.fill(to); })),
        tcp(machine.env()),
        noise(key, machine.env().random, machine.env().offload),
        quic(machine.env(), key),
        yamux(machine.env()),
        upgrader({&noise}, {&yamux}),
        host(machine.env(), key, limits(), upgrader, {{&tcp}, {&quic}}, peerstore) {
    quic.account(host.limit_table()[&SwarmLimits::half_open_quic_max],
                 {.all = &host.limit_table()[&SwarmLimits::bytes_buffered_max],
                  .per_connection = &host.limit_table()[&SwarmLimits::bytes_buffered_per_connection_max]});
  }
  static SwarmLimits limits() {
    SwarmLimits limits;
    limits.dial_attempt_timeout = 3s;
    limits.dial_timeout = 4s;
    return limits;
  }

  PrivateKey key;
  tcp::TcpTransport tcp;
  noise::NoiseTransport noise;
  quic::QuicTransport quic;
  yamux::YamuxMuxer yamux;
  Upgrader upgrader;
  BlankPeerstore peerstore;
  SwarmHost host;
};

struct TestService {
  TestService(sim::World& in, sim::Machine& machine, ServerOptions options = {})
      : world(in),
        node(machine),
        prober(machine),
        server(node.host, prober.host, {dials, per_peer}, options) {
    at_tcp = node.listen("/tcp/4001");
    at_quic = node.listen("/udp/4001/quic-v1");
    server.start();
  }
  ~TestService() {
    world.run(server.close());
    world.run(node.host.close());
    world.run(prober.host.close());
  }

  sim::World& world;
  TestNode node;
  TestProber prober;
  Limit dials{"autonat_dials_max", "", 60};
  Limit per_peer{"autonat_dials_per_peer_max", "", 12};
  Server server;
  PeerInfo at_tcp, at_quic;
};

// A node that asks.
struct TestAsker {
  TestAsker(sim::World& in, sim::Machine& machine) : world(in), node(machine), client(node.host) {
    client.start();
  }
  ~TestAsker() {
    world.run(client.close());
    world.run(node.host.close());
  }
  ConnectionPtr meet(const PeerInfo& peer) { return world.run(node.host.connect(peer)); }
  Answer ask(const ConnectionPtr& server, std::vector<Multiaddr> addresses, bool send_data = true) {
    return world.run(client.ask(server, std::move(addresses), send_data));
  }
  Answer ask_v1(const ConnectionPtr& server, std::vector<Multiaddr> addresses) {
    return world.run(client.ask_v1(server, std::move(addresses)));
  }

  sim::World& world;
  TestNode node;
  Client client;
};

inline IpAddress test_ip(std::string_view text) {
  return value_or_throw(IpAddress::parse(text));
}

}  // namespace warren::autonat
