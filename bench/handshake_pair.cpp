// Handshakes of one security protocol, both ends in this process and on one core, over TCP connections on
// loopback that are made before the clock runs. handshake_bench drives it, beside peers/go/handshake_pair.
//
//   handshake_pair noise|tls known|new
//
// known: the same two nodes meet again and again; new: each handshake has another dialer. For each number on
// stdin it does so many handshakes and prints {"cpu_ns":..,"wall_ns":..} for one.

#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <iostream>

#include "warren/async/task_group.hpp"
#include "warren/env/real/loop.hpp"
#include "warren/security/noise/transport.hpp"
#include "warren/security/tls/transport.hpp"
#include "warren/transport/tcp/transport.hpp"

namespace warren {
namespace {

using Channel = std::unique_ptr<SecureChannel>;

std::int64_t cpu_ns() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto microseconds = [](const timeval& time) { return time.tv_sec * 1'000'000 + time.tv_usec; };
  return 1000 * (microseconds(usage.ru_utime) + microseconds(usage.ru_stime));
}

std::int64_t wall_ns() {
  return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// A node as far as a handshake sees it.
class Node {
 public:
  Node(Env& env, bool tls)
      : key_(PrivateKey::generate(KeyType::kEd25519, [&env](MutableBytes to) { env.random.fill(to); })) {
    if (tls) {
      security_ = std::make_unique<tls::TlsTransport>(key_, env.clock, env.random);
    } else {
      security_ = std::make_unique<noise::NoiseTransport>(key_, env.random, env.offload);
    }
  }

  PeerId peer_id() const { return PeerId::from_public_key(key_.public_key()); }
  SecureTransport& security() { return *security_; }

 private:
  PrivateKey key_;
  std::unique_ptr<SecureTransport> security_;
};

Task<void> secure(Node* node, StreamPtr raw, Side side, std::optional<PeerId> expected, Channel* channel) {
  std::vector<ProtocolId> muxers = {ProtocolId("/yamux/1.0.0")};
  *channel = co_await node->security().secure(std::move(raw), side, std::move(expected), std::move(muxers));
}

class Pair {
 public:
  Pair(Env& env, bool tls, bool meets_strangers)
      : env_(env), tls_(tls), meets_strangers_(meets_strangers), tcp_(env), listener_(env, tls) {}

  // Prints what one handshake of `count` took.
  Task<void> measure(std::size_t count) {
    std::vector<Ends> pipes;
    for (std::size_t i = 0; i < count; ++i) pipes.push_back(co_await connect());
    while (dialers_.size() < (meets_strangers_ ? count : 1)) {
      dialers_.push_back(std::make_unique<Node>(env_, tls_));
    }
    std::vector<std::pair<Channel, Channel>> done(count);  // closed when the clock has stopped
    const std::int64_t cpu = cpu_ns();
    const std::int64_t wall = wall_ns();
    for (std::size_t i = 0; i < count; ++i) {
      Node& dialer = *dialers_[meets_strangers_ ? i : 0];
      co_await handshake(dialer, std::move(pipes[i]), done[i]);
    }
    const auto each = static_cast<std::int64_t>(count);
    fmt::print("{{\"cpu_ns\":{},\"wall_ns\":{}}}\n", (cpu_ns() - cpu) / each, (wall_ns() - wall) / each);
    if (meets_strangers_) dialers_.clear();
  }

 private:
  struct Ends {
    StreamPtr dialing;
    StreamPtr listening;
  };

  Task<Ends> connect() {
    if (!socket_) {
      const auto any = value_or_throw(Multiaddr::parse("/ip4/127.0.0.1/tcp/0"));
      socket_ = value_or_throw(tcp_.listen(any));
    }
    RawConnection dialing = co_await tcp_.dial(socket_->address());
    RawConnection listening = co_await socket_->accept();
    co_return Ends{std::move(dialing.stream), std::move(listening.stream)};
  }

  Task<void> handshake(Node& dialer, Ends ends, std::pair<Channel, Channel>& done) {
    TaskGroup group(env_.executor, "bench");
    group.spawn(secure(&listener_, std::move(ends.listening), Side::kResponder, std::nullopt, &done.second));
    group.spawn(secure(&dialer, std::move(ends.dialing), Side::kInitiator, listener_.peer_id(), &done.first));
    co_await group.join();
  }

  Env& env_;
  bool tls_;
  bool meets_strangers_;
  tcp::TcpTransport tcp_;
  std::unique_ptr<TransportListener> socket_;
  Node listener_;
  std::vector<std::unique_ptr<Node>> dialers_;
};

}  // namespace
}  // namespace warren

int main(int argc, char** argv) {
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  if (words.size() != 2) {
    fmt::print(stderr, "usage: handshake_pair noise|tls known|new\n");
    return 2;
  }
  warren::real::Loop loop;
  warren::Pair pair(loop.env(), words[0] == "tls", words[1] == "new");
  for (std::size_t count = 0; std::cin >> count;) {
    loop.run(pair.measure(count));
    std::fflush(stdout);
  }
}
