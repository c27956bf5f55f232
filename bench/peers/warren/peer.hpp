// A libp2p node of one transport with stock settings, but for limits: nobody is refused. No messaging and no
// disk, which the nodes that it is compared with do not have either.
#pragma once

#include "bench/peers/warren/options.hpp"
#include "warren/async/event.hpp"
#include "warren/muxer/yamux/muxer.hpp"
#include "warren/protocols/identify/identify.hpp"
#include "warren/swarm/host.hpp"
#include "warren/swarm/peerstore.hpp"
#include "warren/transport/quic/transport.hpp"

namespace warren::bench {

inline constexpr std::string_view kEchoProtocol = "/bench/echo/1.0.0";
inline constexpr std::size_t kEchoSize = 64;

class Peer {
 public:
  // `env` outlives the peer. Serves perf and echoes of kEchoSize bytes.
  Peer(Env& env, Way way);

  // The address with its real port and our PeerID.
  Multiaddr listen(const Multiaddr& address);
  Task<ConnectionPtr> connect(PeerInfo target);
  // Until the connections to the peer are closed.
  Task<void> disconnect(PeerId peer);
  std::size_t connections() const { return host_.connections().size(); }
  Task<void> close();

 private:
  std::unique_ptr<SecureTransport> make_security(Env& env, Way way) const;
  Transports transports() const;

  PrivateKey key_;
  std::unique_ptr<SecureTransport> security_;
  std::unique_ptr<Transport> pipes_;           // null with QUIC
  std::unique_ptr<quic::QuicTransport> quic_;  // null without
  yamux::YamuxMuxer yamux_;
  Upgrader upgrader_;
  MemoryPeerstore peerstore_;
  SwarmHost host_;
  identify::Identify identify_;
  Event disconnected_;
  Subscription subscription_;
};

}  // namespace warren::bench
