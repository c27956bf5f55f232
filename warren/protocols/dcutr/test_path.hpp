// Test support: two hosts and the connection between them, with pipes for streams and a delay; and a
// PunchDialer that notes what it is asked.
#pragma once

#include <doctest/doctest.h>

#include <map>

#include "warren/async/task_group.hpp"
#include "warren/core/host.hpp"
#include "warren/core/punch.hpp"
#include "warren/core/test_connection.hpp"
#include "warren/core/test_values.hpp"
#include "warren/env/clock.hpp"
#include "warren/sim/pipe.hpp"
#include "warren/sim/world.hpp"
#include "warren/swarm/peerstore.hpp"

namespace warren::dcutr {

// As it stands on the wire. Only short messages.
inline Bytes framed(const Bytes& message) {
  Bytes bytes = {static_cast<std::uint8_t>(message.size())};
  bytes.insert(bytes.end(), message.begin(), message.end());
  return bytes;
}

class PathHost final : public Host {
 public:
  PathHost(sim::World& world, const std::string& name, std::uint8_t seed)
      : env_(world.add_machine(name).env()),
        key_(value_or_throw(PrivateKey::from_ed25519_seed(Bytes(32, seed)))),
        peer_id_(PeerId::from_public_key(key_.public_key())) {}

  Env& env() override { return env_; }
  const PeerId& peer_id() const override { return peer_id_; }
  const PrivateKey& key() const override { return key_; }
  Peerstore& peerstore() override { return peerstore_; }
  HostEvents& events() override { return events_; }
  std::vector<Multiaddr> addresses() const override { return {}; }
  void handle(ProtocolId protocol, StreamHandler handler) override {
    handlers[std::move(protocol)] = std::move(handler);
  }
  void unhandle(const ProtocolId& protocol) override { handlers.erase(protocol); }
  std::vector<ProtocolId> protocols() const override { return {}; }
  Task<ConnectionPtr> connect(PeerInfo) override { throw_error(Errc::kUnreachable); }
  Task<ConnectionPtr> connect_over(PathPolicy, PeerInfo) override { throw_error(Errc::kUnreachable); }
  std::vector<ConnectionPtr> connections(const PeerId&) const override { return {}; }
  std::vector<ConnectionPtr> connections() const override { return {}; }
  Result<> protect(const PeerId&, std::string_view) override { return {}; }
  bool unprotect(const PeerId&, std::string_view) override { return false; }

  std::map<ProtocolId, StreamHandler> handlers;

 private:
  Env& env_;
  PrivateKey key_;
  PeerId peer_id_;
  MemoryPeerstore peerstore_;
  HostEvents events_;
};

// One end of a connection.
class PathEnd final : public testing::StubConnection {
 public:
  PathEnd(sim::Loop& loop, PathHost& remote, const std::string& address, Direction direction,
          sim::PipeOptions options)
      : StubConnection(remote.peer_id(), remote.key().public_key(), testing::address(address), direction),
        loop_(loop),
        remote_(remote),
        options_(options),
        handlers_(loop.executor(), "path") {}

  Task<StreamPtr> open_stream(ProtocolId protocol) override {
    if (!open) throw_error(Errc::kClosed);
    const auto handler = remote_.handlers.find(protocol);
    if (handler == remote_.handlers.end()) {
      co_return std::make_unique<testing::UnspokenStream>(loop_.clock(), 2 * options_.delay);
    }
    auto [near, far] = sim::pipe(loop_, options_);
    other->handlers_.spawn(handler->second(other, std::move(far)));
    co_return std::move(near);
  }
  // Ends the handlers that speak on it, as when it breaks.
  Task<void> end() {
    open = false;
    other.reset();
    co_await handlers_.close();
  }

  std::shared_ptr<PathEnd> other;

 private:
  sim::Loop& loop_;
  PathHost& remote_;
  sim::PipeOptions options_;
  TaskGroup handlers_;
};

// A connection that `from` has dialed.
struct Path {
  Path(sim::World& in, PathHost& from, PathHost& to, sim::PipeOptions options = {.delay = 20ms},
       const std::string& from_address = "", const std::string& to_address = "")
      : world(in),
        dialed(
            std::make_shared<PathEnd>(in.loop(), to, circuit_or(to_address), Direction::kOutbound, options)),
        accepted(std::make_shared<PathEnd>(in.loop(), from, circuit_or(from_address), Direction::kInbound,
                                           options)) {
    dialed->other = accepted;
    accepted->other = dialed;
  }
  ~Path() {
    world.run(dialed->end());
    world.run(accepted->end());
  }
  static std::string circuit_or(const std::string& address) {
    const std::string relay =
        "/ip4/203.0.113.1/tcp/4001/p2p/12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5";
    return address.empty() ? relay + "/p2p-circuit" : address;
  }

  sim::World& world;
  std::shared_ptr<PathEnd> dialed;    // at `from`
  std::shared_ptr<PathEnd> accepted;  // at `to`
};

struct NotingDialer final : PunchDialer {
  explicit NotingDialer(Clock& clock) : clock(clock) {}
  Task<PunchOutcome> punch(PunchCall call) override {
    calls.push_back(call);
    instants.push_back(clock.now());
    co_await clock.sleep_for(takes);
    PunchOutcome made;
    made.connection = connection;
    made.error = error;
    co_return made;
  }

  Clock& clock;
  Duration takes = 100ms;
  ConnectionPtr connection;
  std::error_code error = make_error_code(Errc::kPunchFailed);
  std::vector<PunchCall> calls;
  std::vector<Instant> instants;
};

}  // namespace warren::dcutr
