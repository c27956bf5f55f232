#include "warren/swarm/dial_collision.hpp"

#include <doctest/doctest.h>

#include "warren/async/as_result.hpp"
#include "warren/base/error.hpp"
#include "warren/sim/pipe.hpp"
#include "warren/swarm/test_addresses.hpp"
#include "warren/swarm/test_node.hpp"

using namespace warren;

namespace {

// Two nodes, /memory/1 and /memory/2. Dials that are under way at the same time meet in one pipe; others come
// to whoever listens.
class Crossing final : public Transport {
 public:
  Crossing(sim::World& world, Multiaddr own) : world_(world), own_(std::move(own)) {}

  void meet(Crossing& other) {
    other_ = &other;
    other.other_ = this;
  }

  bool handles(const Multiaddr& to) const override { return to.has(Protocol::kMemory); }

  Task<RawConnection> dial(Multiaddr to) override {
    ++dials;
    dialing_ = true;
    co_await world_.clock().sleep_for(20ms);
    dialing_ = false;
    if (crossed_) co_return raw(std::move(crossed_), to);
    auto ends = sim::pipe(world_.loop(), {.delay = 10ms});
    if (other_->dialing_) {
      other_->crossed_ = std::move(ends.second);
    } else {
      other_->accepted_.push_back(other_->raw(std::move(ends.second), own_));
      other_->changed_.notify_all();
    }
    co_return raw(std::move(ends.first), to);
  }

  Result<std::unique_ptr<TransportListener>> listen(const Multiaddr&) override {
    return std::make_unique<Listener>(*this);
  }

  int dials = 0;

 private:
  class Listener final : public TransportListener {
   public:
    explicit Listener(Crossing& crossing) : crossing_(crossing) {}
    const Multiaddr& address() const override { return crossing_.own_; }
    void close() override {
      closed_ = true;
      crossing_.changed_.notify_all();
    }
    Task<RawConnection> accept() override {
      while (crossing_.accepted_.empty() && !closed_) co_await crossing_.changed_.wait();
      if (closed_) throw_error(Errc::kClosed);
      RawConnection next = std::move(crossing_.accepted_.back());
      crossing_.accepted_.pop_back();
      co_return next;
    }

   private:
    Crossing& crossing_;
    bool closed_ = false;
  };

  RawConnection raw(StreamPtr pipe, Multiaddr remote) const {
    return {.stream = std::move(pipe), .local = own_, .remote = std::move(remote)};
  }

  sim::World& world_;
  Multiaddr own_;
  Crossing* other_ = nullptr;
  bool dialing_ = false;
  StreamPtr crossed_;
  std::vector<RawConnection> accepted_;
  Event changed_;
};

Task<void> connect(SwarmHost& host, PeerInfo peer, std::error_code& error) {
  const auto connection = co_await as_result(host.connect(std::move(peer)));
  if (!connection) error = connection.error();
}

}  // namespace

TEST_CASE("nodes that dial each other at the same instant are connected, whatever secures them") {
  using enum TestNode::Security;
  for (const TestNode::Security security : {kNoise, kTls}) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      sim::World world{seed};
      Crossing left{world, address("/memory/1")};
      Crossing right{world, address("/memory/2")};
      left.meet(right);
      TestNode alice(world.add_machine("alice"), {}, {security}, {}, nullptr, {&left});
      TestNode bob(world.add_machine("bob"), {}, {security}, {}, nullptr, {&right});
      value_or_throw(alice.host.listen(address("/memory/1")));
      value_or_throw(bob.host.listen(address("/memory/2")));
      std::error_code alices, bobs;
      TaskGroup group(world.loop().executor(), "test");
      group.spawn(connect(alice.host, {bob.host.peer_id(), {address("/memory/2")}}, alices));
      group.spawn(connect(bob.host, {alice.host.peer_id(), {address("/memory/1")}}, bobs));
      world.run(group.join());
      CHECK_MESSAGE(alices == std::error_code(), seed);
      CHECK_MESSAGE(bobs == std::error_code(), seed);
      // Whoever comes second finds that the other has come first.
      CHECK(left.dials + right.dials >= 3);
      CHECK(left.dials <= 1 + kCollisionsMax);
      world.run(alice.host.close());
      world.run(bob.host.close());
    }
  }
}

TEST_CASE("a collision is a wrong first word over a pipe from where we listen") {
  const std::vector<Multiaddr> listening = {address("/ip4/0.0.0.0/tcp/4001"), address("/memory/1")};
  const Multiaddr local = address("/ip4/192.0.2.1/tcp/4001");
  CHECK(looks_like_collision(Errc::kTruncated, local, listening));
  CHECK(looks_like_collision(Errc::kMalformed, address("/memory/1"), listening));
  CHECK_FALSE(looks_like_collision(Errc::kPeerIdMismatch, local, listening));
  CHECK_FALSE(looks_like_collision(Errc::kReset, local, listening));
  CHECK_FALSE(looks_like_collision(Errc::kTruncated, address("/ip4/192.0.2.1/tcp/50000"), listening));
  CHECK_FALSE(looks_like_collision(Errc::kTruncated, local, {}));
}
