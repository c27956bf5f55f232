// A second face of this node, with a key and sockets of its own and no listener: it dials peers who ask
// whether they can be reached (AutoNAT). They would learn nothing from a connection that leaves by a port
// which they had talked to before.
#pragma once

#include <memory>

#include "warren/muxer/yamux/muxer.hpp"
#include "warren/protocols/autonat/blank_peerstore.hpp"
#include "warren/security/noise/transport.hpp"
#include "warren/security/tls/transport.hpp"
#include "warren/swarm/host.hpp"
#include "warren/transport/quic/transport.hpp"
#include "warren/transport/tcp/transport.hpp"

namespace warren {

class ProbeHost {
 public:
  // Environment and protector (null unless the network is private; there is no QUIC then) outlive it.
  ProbeHost(Env& env, PipeProtector* protector);

  Host& host() { return host_; }
  Task<void> close() { return host_.close(); }

 private:
  PrivateKey key_;
  tcp::TcpTransport tcp_;
  noise::NoiseTransport noise_;
  tls::TlsTransport tls_;
  std::unique_ptr<quic::QuicTransport> quic_;
  yamux::YamuxMuxer yamux_;
  Upgrader upgrader_;
  autonat::BlankPeerstore peerstore_;
  SwarmHost host_;
};

}  // namespace warren
