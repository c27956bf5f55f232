// Test support: a host whose connections are made by the test, at any address, with pipes for streams. What
// it is asked to dial is counted, and never reached.
#pragma once

#include <algorithm>

#include "warren/async/task_group.hpp"
#include "warren/core/host.hpp"
#include "warren/core/test_connection.hpp"
#include "warren/core/test_values.hpp"
#include "warren/sim/pipe.hpp"
#include "warren/sim/world.hpp"

namespace warren::relay {

class FakeConnection final : public testing::StubConnection {
 public:
  FakeConnection(sim::Loop& loop, PublicKey key, PeerId peer, Multiaddr address)
      : StubConnection(std::move(peer), std::move(key), std::move(address)),
        loop_(loop),
        tasks_(loop.executor(), "fake") {}

  // The peer's end is kept in `offered`.
  Task<StreamPtr> open_stream(ProtocolId protocol) override {
    if (!open || refuses_streams) throw_error(Errc::kClosed);
    auto [ours, theirs] = sim::pipe(loop_, {.buffer = 8 * 1024});
    offered.emplace_back(std::move(protocol), std::move(theirs));
    co_return std::move(ours);
  }

  bool refuses_streams = false;
  std::vector<std::pair<ProtocolId, StreamPtr>> offered;

 private:
  friend class FakeHost;

  sim::Loop& loop_;
  TaskGroup tasks_;  // the handlers
};

class FakeHost final : public Host {
 public:
  using Link = std::shared_ptr<FakeConnection>;

  FakeHost(sim::World& world, sim::Machine& machine)
      : world_(world),
        env_(machine.env()),
        key_(value_or_throw(PrivateKey::from_ed25519_seed(Bytes(32, 1)))),
        peer_id_(PeerId::from_public_key(key_.public_key())) {}

  Env& env() override { return env_; }
  const PeerId& peer_id() const override { return peer_id_; }
  const PrivateKey& key() const override { return key_; }
  Peerstore& peerstore() override { throw_error(Errc::kUnsupported); }
  HostEvents& events() override { return events_; }
  std::vector<Multiaddr> addresses() const override { return listens_at; }
  void handle(ProtocolId protocol, StreamHandler handler) override {
    handlers_[std::move(protocol)] = std::move(handler);
  }
  void unhandle(const ProtocolId& protocol) override { handlers_.erase(protocol); }
  std::vector<ProtocolId> protocols() const override {
    std::vector<ProtocolId> protocols;
    for (const auto& [protocol, handler] : handlers_) protocols.push_back(protocol);
    return protocols;
  }
  Task<ConnectionPtr> connect(PeerInfo peer) override {
    return connect_over(PathPolicy::kAny, std::move(peer));
  }
  Task<ConnectionPtr> connect_over(PathPolicy /*policy*/, PeerInfo /*peer*/) override {
    ++dials;
    throw_error(Errc::kUnreachable);
    co_return nullptr;
  }
  std::vector<ConnectionPtr> connections(const PeerId& peer) const override {
    std::vector<ConnectionPtr> found;
    for (const Link& link : links_) {
      if (link->remote_peer() == peer) found.push_back(link);
    }
    return found;
  }
  std::vector<ConnectionPtr> connections() const override { return {links_.begin(), links_.end()}; }
  Result<> protect(const PeerId& peer, std::string_view /*tag*/) override {
    if (protected_peers.size() >= protected_max) return fail(Errc::kLimitReached);
    protected_peers.push_back(peer);
    return {};
  }
  bool unprotect(const PeerId& peer, std::string_view /*tag*/) override {
    const auto found = std::ranges::find(protected_peers, peer);
    if (found == protected_peers.end()) throw_error(Errc::kNotFound);
    protected_peers.erase(found);
    return std::ranges::find(protected_peers, peer) != protected_peers.end();
  }

  Link come(std::uint32_t peer, std::string_view address) {
    links_.push_back(std::make_shared<FakeConnection>(world_.loop(), key_.public_key(),
                                                      testing::keyless_peer(peer),
                                                      value_or_throw(Multiaddr::parse(address))));
    return links_.back();
  }
  // As when the connection breaks: handlers are canceled, then everybody is told.
  void go(const Link& link) {
    link->open = false;
    world_.run(link->tasks_.close());
    std::erase(links_, link);
    events_.disconnected.emit(link);
  }
  void go_all() {
    while (!links_.empty()) go(Link(links_.back()));
  }
  // The peer's end of a stream that it opens.
  StreamPtr speak(const Link& link, std::string_view protocol) {
    const auto found = handlers_.find(ProtocolId(protocol));
    if (found == handlers_.end()) throw_error(Errc::kProtocolNotSupported);
    auto [ours, theirs] = sim::pipe(world_.loop(), {.buffer = 8 * 1024});
    link->tasks_.spawn(found->second(link, std::move(ours)));
    return std::move(theirs);
  }

  std::vector<Multiaddr> listens_at;
  std::size_t protected_max = 10'000;
  std::vector<PeerId> protected_peers;
  int dials = 0;

 private:
  sim::World& world_;
  Env& env_;
  PrivateKey key_;
  PeerId peer_id_;
  HostEvents events_;
  std::map<ProtocolId, StreamHandler> handlers_;
  std::vector<Link> links_;
};

}  // namespace warren::relay
