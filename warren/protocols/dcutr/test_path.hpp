// Test support: two hosts and the connection between them, with pipes for streams and a delay; and a
// PunchDialer that notes what it is asked.
#pragma once

#include <doctest/doctest.h>

#include <map>

#include "warren/async/task_group.hpp"
#include "warren/core/host.hpp"
#include "warren/core/punch.hpp"
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

// A stream to who does not speak the protocol, found out at the first read.
class UnspokenStream final : public ByteStream {
 public:
  explicit UnspokenStream(Clock& clock, Duration round_trip) : clock_(clock), round_trip_(round_trip) {}
  Task<std::size_t> read_some(MutableBytes) override {
    co_await clock_.sleep_for(round_trip_);
    throw_error(Errc::kProtocolNotSupported);
    co_return 0;
  }
  Task<void> write(BytesView) override { co_return; }
  Task<void> close_write() override { co_return; }
  void reset() override {}

 private:
  Clock& clock_;
  Duration round_trip_;
};

// One end of a connection.
class PathEnd final : public Connection {
 public:
  PathEnd(sim::Loop& loop, PathHost& remote, std::string address, Direction direction,
          sim::PipeOptions options)
      : loop_(loop),
        remote_(remote),
        key_(remote.key().public_key()),
        address_(testing::address(address)),
        direction_(direction),
        options_(options),
        handlers_(loop.executor(), "path") {}

  const PeerId& remote_peer() const override { return remote_.peer_id(); }
  const PublicKey& remote_key() const override { return key_; }
  const Multiaddr& local_address() const override { return address_; }
  Multiaddr remote_address() const override { return address_; }
  Direction direction() const override { return direction_; }
  const ProtocolId& security() const override { return nothing_; }
  const ProtocolId& muxer() const override { return nothing_; }
  Instant opened_at() const override { return {}; }
  Duration round_trip_time() const override { return {}; }
  bool is_open() const override { return open_; }
  std::error_code end_reason() const override { return {}; }
  Task<StreamPtr> open_stream(ProtocolId protocol) override {
    if (!open_) throw_error(Errc::kClosed);
    const auto handler = remote_.handlers.find(protocol);
    if (handler == remote_.handlers.end()) {
      co_return std::make_unique<UnspokenStream>(loop_.clock(), 2 * options_.delay);
    }
    auto [near, far] = sim::pipe(loop_, options_);
    other->handlers_.spawn(handler->second(other, std::move(far)));
    co_return std::move(near);
  }
  void close() override { open_ = false; }
  // Ends the handlers that speak on it, as when it breaks.
  Task<void> end() {
    open_ = false;
    other.reset();
    co_await handlers_.close();
  }

  std::shared_ptr<PathEnd> other;

 private:
  sim::Loop& loop_;
  PathHost& remote_;
  PublicKey key_;
  Multiaddr address_;
  ProtocolId nothing_;
  Direction direction_;
  sim::PipeOptions options_;
  bool open_ = true;
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
