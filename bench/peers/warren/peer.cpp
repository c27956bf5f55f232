#include "bench/peers/warren/peer.hpp"

#include <array>

#include "warren/protocols/perf/perf.hpp"
#include "warren/security/noise/transport.hpp"
#include "warren/security/tls/transport.hpp"
#include "warren/transport/tcp/transport.hpp"
#include "warren/transport/websocket/transport.hpp"

namespace warren::bench {

namespace {

constexpr std::size_t kUnlimited = 1'000'000;

SwarmLimits no_limits() {
  SwarmLimits limits;
  for (const LimitKnob& knob : limit_knobs()) {
    limits.*knob.field = std::max(limits.*knob.field, kUnlimited);
  }
  return limits;
}

std::unique_ptr<Transport> make_pipes(Env& env, Way way) {
  if (way == Way::kQuic) return nullptr;
  if (way == Way::kWs) {
    return std::make_unique<websocket::WebsocketTransport>(env, websocket::WebsocketConfig());
  }
  return std::make_unique<tcp::TcpTransport>(env);
}

Task<void> answer_echo(StreamPtr stream) {
  std::array<std::uint8_t, kEchoSize> message;
  co_await read_exactly(*stream, message);
  co_await stream->write(message);
  co_await stream->close_write();
}

}  // namespace

Peer::Peer(Env& env, Way way)
    : key_(PrivateKey::generate(KeyType::kEd25519, [&env](MutableBytes to) { env.random.fill(to); })),
      security_(make_security(env, way)),
      pipes_(make_pipes(env, way)),
      quic_(way == Way::kQuic ? std::make_unique<quic::QuicTransport>(env, key_) : nullptr),
      yamux_(env),
      upgrader_({security_.get()}, {&yamux_}),
      host_(env, key_, no_limits(), upgrader_, transports(), peerstore_),
      identify_(host_, "bench/1"),
      subscription_(host_.events().disconnected.subscribe(
          [this](const ConnectionPtr&) { disconnected_.notify_all(); })) {
  Clock& clock = env.clock;
  host_.handle(ProtocolId(perf::kProtocol),
               [&clock](ConnectionPtr, StreamPtr stream) { return perf::answer(clock, std::move(stream)); });
  host_.handle(ProtocolId(kEchoProtocol),
               [](ConnectionPtr, StreamPtr stream) { return answer_echo(std::move(stream)); });
  identify_.start();
}

std::unique_ptr<SecureTransport> Peer::make_security(Env& env, Way way) const {
  if (way == Way::kTcpTls) return std::make_unique<tls::TlsTransport>(key_, env.clock, env.random);
  return std::make_unique<noise::NoiseTransport>(key_, env.random, env.offload);
}

Transports Peer::transports() const {
  if (quic_) return {.pipes = {}, .muxed = {quic_.get()}};
  return {.pipes = {pipes_.get()}};
}

Multiaddr Peer::listen(const Multiaddr& address) {
  const Multiaddr bound = value_or_throw(host_.listen(address), address.to_string());
  return bound.with(Protocol::kP2p, host_.peer_id().bytes());
}

Task<ConnectionPtr> Peer::connect(PeerInfo target) {
  co_return co_await host_.connect(std::move(target));
}

Task<void> Peer::disconnect(PeerId peer) {
  for (const ConnectionPtr& connection : host_.connections(peer)) connection->close();
  while (!host_.connections(peer).empty()) co_await disconnected_.wait();
}

Task<void> Peer::close() {
  co_await identify_.close();
  co_await host_.close();
}

}  // namespace warren::bench
