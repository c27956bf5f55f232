// Test support: a host on a simulated machine, with the securities and the muxer of a real node.
#pragma once

#include "warren/muxer/yamux/muxer.hpp"
#include "warren/security/noise/transport.hpp"
#include "warren/security/tls/transport.hpp"
#include "warren/sim/world.hpp"
#include "warren/swarm/host.hpp"
#include "warren/swarm/peerstore.hpp"
#include "warren/transport/quic/transport.hpp"
#include "warren/transport/tcp/transport.hpp"

namespace warren {

struct TestNode {
  enum class Security { kNoise, kTls };

  // Nodes with equal seeds are the same peer. `resolver` becomes the machine's. `further` transports, such as
  // one for circuits, outlive the node.
  explicit TestNode(sim::Machine& machine, SwarmLimits limits = {},
                    const std::vector<Security>& securities = {Security::kNoise, Security::kTls},
                    std::optional<std::uint8_t> seed = {}, Resolver* resolver = nullptr,
                    const std::vector<Transport*>& further = {})
      : machine(machine),
        key(PrivateKey::generate(KeyType::kEd25519,
                                 [&](MutableBytes to) {
                                   machine.env().random.fill(to);
                                   if (seed) std::ranges::fill(to, *seed);
                                 })),
        tcp(machine.env()),
        noise(key, machine.env().random, machine.env().offload),
        tls(key, machine.env().clock, machine.env().random),
        quic(machine.env(), key),
        yamux(machine.env()),
        upgrader(choose(securities), {&yamux}),
        host(machine.env(), key, limits, upgrader, {pipes(further), {&quic}}, peerstore) {
    LimitTable& table = host.limit_table();
    quic.account(table[&SwarmLimits::half_open_quic_max],
                 {.all = &table[&SwarmLimits::bytes_buffered_max],
                  .per_connection = &table[&SwarmLimits::bytes_buffered_per_connection_max]});
    machine.env().resolver = resolver;
  }

  // Listens on the machine's first address; how others dial it.
  PeerInfo listen(const std::string& transport = "/tcp/0") {
    const std::string family = machine.address().is_v4() ? "/ip4/" : "/ip6/";
    const auto address = Multiaddr::parse(family + machine.address().to_string() + transport);
    return {host.peer_id(), {value_or_throw(host.listen(value_or_throw(address)))}};
  }
  PeerInfo listen_quic() { return listen("/udp/0/quic-v1"); }

  std::vector<Transport*> pipes(const std::vector<Transport*>& further) {
    std::vector<Transport*> all{&tcp};
    all.insert(all.end(), further.begin(), further.end());
    return all;
  }

  std::vector<SecureTransport*> choose(const std::vector<Security>& securities) {
    std::vector<SecureTransport*> chosen;
    for (const Security security : securities) {
      if (security == Security::kNoise) chosen.push_back(&noise);
      if (security == Security::kTls) chosen.push_back(&tls);
    }
    return chosen;
  }

  sim::Machine& machine;
  PrivateKey key;
  tcp::TcpTransport tcp;
  noise::NoiseTransport noise;
  tls::TlsTransport tls;
  quic::QuicTransport quic;
  yamux::YamuxMuxer yamux;
  Upgrader upgrader;
  MemoryPeerstore peerstore;
  SwarmHost host;
};

}  // namespace warren
