// Idle connections into one listener, each from a peer of its own that has told who it is and then says
// nothing more. idle_bench drives it.
//
//   idle_load noise|tls MULTIADDR
//
// For each number on stdin it opens connections until there are so many, and prints how many are open.

#include <fmt/format.h>

#include <charconv>
#include <iostream>

#include "warren/async/as_result.hpp"
#include "warren/async/cancellation.hpp"
#include "warren/async/event.hpp"
#include "warren/async/task_group.hpp"
#include "warren/env/real/loop.hpp"
#include "warren/muxer/yamux/muxer.hpp"
#include "warren/protocols/identify/identify.hpp"
#include "warren/security/noise/transport.hpp"
#include "warren/security/tls/transport.hpp"
#include "warren/swarm/host.hpp"
#include "warren/swarm/peerstore.hpp"
#include "warren/transport/tcp/transport.hpp"

namespace warren {
namespace {

constexpr std::size_t kAtOnce = 32;
constexpr Duration kIdentifyTimeout = 10s;

class Peer {
 public:
  Peer(Env& env, bool tls)
      : env_(env),
        key_(PrivateKey::generate(KeyType::kEd25519, [&env](MutableBytes to) { env.random.fill(to); })),
        tcp_(env),
        security_(make_security(env, tls)),
        yamux_(env),
        upgrader_({security_.get()}, {&yamux_}),
        host_(env, key_, SwarmLimits(), upgrader_, {&tcp_}, peerstore_),
        identify_(host_, "idle_load/1"),
        subscription_(identify_.identified().subscribe([this](const ConnectionPtr&) {
          identified_ = true;
          changed_.notify_all();
        })) {
    identify_.start();
  }

  Task<void> connect(PeerInfo listener) {
    co_await host_.connect(std::move(listener));
    co_await with_timeout(env_.clock, kIdentifyTimeout, wait_until_identified());
  }

  bool connected() const { return !host_.connections().empty(); }

  Task<void> close() {
    co_await identify_.close();
    co_await host_.close();
  }

 private:
  Task<void> wait_until_identified() {
    while (!identified_) co_await changed_.wait();
  }

  std::unique_ptr<SecureTransport> make_security(Env& env, bool tls) const {
    if (tls) return std::make_unique<tls::TlsTransport>(key_, env.clock, env.random);
    return std::make_unique<noise::NoiseTransport>(key_, env.random, env.offload);
  }

  Env& env_;
  PrivateKey key_;
  tcp::TcpTransport tcp_;
  std::unique_ptr<SecureTransport> security_;
  yamux::YamuxMuxer yamux_;
  Upgrader upgrader_;
  MemoryPeerstore peerstore_;
  SwarmHost host_;
  identify::Identify identify_;
  bool identified_ = false;
  Event changed_;
  Subscription subscription_;
};

class Load {
 public:
  Load(Env& env, bool tls, PeerInfo listener) : env_(env), tls_(tls), listener_(std::move(listener)) {}

  // The number of connections that are open then.
  Task<std::size_t> grow(std::size_t count) {
    while (peers_.size() < count) {
      TaskGroup group(env_.executor, "idle_load");
      for (std::size_t i = 0; i < kAtOnce && peers_.size() < count; ++i) {
        peers_.push_back(std::make_unique<Peer>(env_, tls_));
        group.spawn(peers_.back()->connect(listener_));
      }
      co_await group.join();
    }
    const auto open = std::ranges::count_if(peers_, [](const auto& peer) { return peer->connected(); });
    co_return static_cast<std::size_t>(open);
  }

  Task<void> close() {
    for (const auto& peer : peers_) co_await peer->close();
  }

 private:
  Env& env_;
  bool tls_;
  PeerInfo listener_;
  std::vector<std::unique_ptr<Peer>> peers_;
};

}  // namespace
}  // namespace warren

int main(int argc, char** argv) {
  using namespace warren;
  const std::vector<std::string> words(argv + 1, argv + argc);
  const auto address = words.size() == 2 ? Multiaddr::parse(words[1]) : fail(Errc::kMalformed);
  const auto peer = address ? PeerId::of(*address) : std::nullopt;
  if (!peer) {
    fmt::print(stderr, "usage: idle_load noise|tls MULTIADDR\n");
    return 2;
  }
  real::Loop loop;
  Load load(loop.env(), words[0] == "tls", PeerInfo{*peer, {address->before_last(Protocol::kP2p)}});
  for (std::size_t count = 0; std::cin >> count;) {
    fmt::print("{}\n", loop.run(load.grow(count)));
    std::fflush(stdout);
  }
  loop.run(load.close());
}
