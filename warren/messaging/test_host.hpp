// Test support: hosts that are connected by simulated pipes, without transport, security and muxer. A
// connection takes one round trip to open, a stream none.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "warren/async/as_result.hpp"
#include "warren/async/task_group.hpp"
#include "warren/base/assert.hpp"
#include "warren/core/host.hpp"
#include "warren/core/test_connection.hpp"
#include "warren/sim/pipe.hpp"
#include "warren/sim/world.hpp"

namespace warren::test {

class TestHost;

// The machine's clock, with a wall clock that is off.
class SkewedClock final : public Clock {
 public:
  SkewedClock(Clock& clock, std::chrono::milliseconds skew) : clock_(clock), skew_(skew) {}
  Instant now() const override { return clock_.now(); }
  WallTime wall_now() const override { return clock_.wall_now() + skew_; }
  Task<void> sleep_until(Instant instant) override { return clock_.sleep_until(instant); }
  void set_skew(std::chrono::milliseconds skew) { skew_ = skew; }

 private:
  Clock& clock_;
  std::chrono::milliseconds skew_;
};

// A path between two hosts that a relay limits.
struct CircuitRules {
  std::uint64_t bytes_each_way_max = 0;  // 0: no limit
  Duration time_max{};                   // zero: no limit
};

// What relays usually allow.
inline const CircuitRules kUsualCircuit{.bytes_each_way_max = 128 * 1024, .time_max = 2min};

// Who can reach whom: everybody, directly unless a test says otherwise.
struct TestNetwork {
  explicit TestNetwork(std::uint64_t seed = 1) : world(seed) {}

  sim::World world;
  Duration delay = 50ms;                 // one way
  sim::Faults* faults = nullptr;         // of all streams
  bool direct = true;                    // new direct connections can be made
  std::optional<CircuitRules> circuits;  // and relayed ones, in this way
  std::map<PeerId, TestHost*> hosts;
};

// One end of a connection. Streams are reset when it closes.
class TestConnection final : public Connection {
 public:
  // `budget`: of a relayed one.
  TestConnection(TestHost& local, TestHost& remote, Direction direction,
                 std::shared_ptr<CircuitBudget> budget);
  ~TestConnection() override { WARREN_ASSERT(streams_.empty()); }

  const PeerId& remote_peer() const override;
  const PublicKey& remote_key() const override;
  const Multiaddr& local_address() const override { return address_; }
  Multiaddr remote_address() const override { return address_; }
  Direction direction() const override { return direction_; }
  const ProtocolId& security() const override { return no_protocol_; }
  const ProtocolId& muxer() const override { return no_protocol_; }
  Instant opened_at() const override { return opened_at_; }
  Duration round_trip_time() const override { return {}; }
  const CircuitBudget* circuit_budget() const override { return budget_.get(); }
  bool is_open() const override { return open_; }
  std::error_code end_reason() const override { return open_ ? std::error_code() : end_reason_; }
  Task<StreamPtr> open_stream(ProtocolId protocol) override;
  // Both ends.
  void close() override;
  // This end only, if the line is cut.
  void close_because(std::error_code reason) override;

  // Nothing passes any more, and neither end is told.
  void cut();
  // Until it has ended, while it is cut.
  Task<void> pass();
  int streams_so_far() const { return streams_so_far_; }

  // This end sends so many bytes; false: they are too many, and the circuit has ended.
  bool send(std::size_t size);

  std::weak_ptr<TestConnection> other;

 private:
  friend class TestStream;
  friend class TestHost;
  void break_down();

  TestHost& local_;
  TestHost& remote_;
  Direction direction_;
  Instant opened_at_;
  Multiaddr address_;
  ProtocolId no_protocol_;
  bool open_ = true;
  bool cut_ = false;
  Event ended_;
  std::error_code end_reason_ = Errc::kClosed;
  int streams_so_far_ = 0;  // opened by this end
  std::shared_ptr<CircuitBudget> budget_;
  std::set<ByteStream*> streams_;
};

class TestStream final : public ByteStream {
 public:
  TestStream(std::shared_ptr<TestConnection> connection, StreamPtr inner)
      : connection_(std::move(connection)), inner_(std::move(inner)) {
    connection_->streams_.insert(this);
  }
  ~TestStream() override { connection_->streams_.erase(this); }
  Task<std::size_t> read_some(MutableBytes to) override {
    const auto size = co_await as_result(inner_->read_some(to));
    co_await connection_->pass();
    co_return value_or_throw(size);
  }
  // A part at a time, as a muxer does.
  Task<void> write(BytesView bytes) override {
    constexpr std::size_t kPart = 16 * 1024;
    do {
      const BytesView part = bytes.first(std::min(bytes.size(), kPart));
      co_await connection_->pass();
      if (!connection_->send(part.size())) throw_error(Errc::kReset);
      co_await inner_->write(part);
      bytes = bytes.subspan(part.size());
    } while (!bytes.empty());
  }
  Task<void> close_write() override {
    co_await connection_->pass();
    co_await inner_->close_write();
  }
  // The other end does not learn it over a line that is cut.
  void reset() override { inner_->reset(); }

 private:
  std::shared_ptr<TestConnection> connection_;
  StreamPtr inner_;
};

class TestHost final : public Host {
 public:
  // `number` makes the key.
  TestHost(TestNetwork& network, PrivateKey key, std::chrono::milliseconds skew = {})
      : network_(network),
        machine_(network.world.add_machine("host" + std::to_string(network.world.trace().size()) + "-" +
                                           std::to_string(network.hosts.size()) + "-" +
                                           PeerId::from_public_key(key.public_key()).short_text())),
        clock(machine_.env().clock, skew),
        env_{machine_.env().executor, clock, machine_.env().random, machine_.env().network,
             machine_.env().offload},
        key_(std::move(key)),
        peer_id_(PeerId::from_public_key(key_.public_key())),
        tasks_(std::make_unique<TaskGroup>(env_.executor, "host")) {
    network_.hosts[peer_id_] = this;
  }
  ~TestHost() override { network_.hosts.erase(peer_id_); }

  // Ends all connections and waits for the handlers.
  Task<void> close() {
    for (const auto& connection : connections()) connection->close();
    co_await tasks_->close();
    tasks_ = std::make_unique<TaskGroup>(env_.executor, "host");  // for the next life
  }

  Env& env() override { return env_; }
  const PeerId& peer_id() const override { return peer_id_; }
  const PrivateKey& key() const override { return key_; }
  Peerstore& peerstore() override { std::abort(); }
  HostEvents& events() override { return events_; }
  std::vector<Multiaddr> addresses() const override { return {}; }
  void handle(ProtocolId protocol, StreamHandler handler) override {
    handlers_.insert_or_assign(std::move(protocol), std::move(handler));
  }
  void unhandle(const ProtocolId& protocol) override { handlers_.erase(protocol); }
  std::vector<ProtocolId> protocols() const override { return {}; }

  Task<ConnectionPtr> connect(PeerInfo peer) override {
    return connect_over(PathPolicy::kAny, std::move(peer));
  }
  Task<ConnectionPtr> connect_over(PathPolicy policy, PeerInfo peer) override {
    if (auto open = good_for(policy, peer.id)) co_return open;
    const auto found = network_.hosts.find(peer.id);
    if (found == network_.hosts.end()) throw_error(Errc::kUnreachable);
    if (!network_.direct && policy == PathPolicy::kDirectOnly) throw_error(Errc::kNoDirectPath);
    if (!network_.direct && policy == PathPolicy::kPreferDirect) {
      if (auto relayed = good_for(PathPolicy::kAny, peer.id)) co_return relayed;
    }
    if (!network_.direct && !network_.circuits) throw_error(Errc::kUnreachable);
    co_await env_.clock.sleep_for(2 * network_.delay);
    if (auto open = good_for(policy, peer.id)) co_return open;
    auto ours = std::make_shared<TestConnection>(*this, *found->second, Direction::kOutbound, new_budget());
    auto theirs = std::make_shared<TestConnection>(*found->second, *this, Direction::kInbound, new_budget());
    end_in_time(ours);
    ours->other = theirs;
    theirs->other = ours;
    connections_.push_back(ours);
    found->second->connections_.push_back(theirs);
    found->second->events_.connected.emit(theirs);
    events_.connected.emit(ours);
    co_return ours;
  }
  Result<> protect(const PeerId&, std::string_view) override { return {}; }
  bool unprotect(const PeerId&, std::string_view) override { return false; }
  std::vector<ConnectionPtr> connections(const PeerId& peer) const override {
    std::vector<ConnectionPtr> found;
    for (const auto& connection : connections_) {
      if (connection->remote_peer() == peer) found.push_back(connection);
    }
    std::ranges::stable_partition(
        found, [](const ConnectionPtr& connection) { return !is_circuit(connection->remote_address()); });
    return found;
  }
  std::vector<ConnectionPtr> connections() const override {
    return {connections_.begin(), connections_.end()};
  }

 private:
  friend class TestConnection;

  ConnectionPtr good_for(PathPolicy policy, const PeerId& peer) const {
    const auto open = connections(peer);
    if (open.empty()) return nullptr;
    const bool relayed = is_circuit(open.front()->remote_address());
    return relayed && policy != PathPolicy::kAny ? nullptr : open.front();
  }

  // Of a circuit that is made now; null when it will be a direct connection.
  std::shared_ptr<CircuitBudget> new_budget() const {
    if (network_.direct) return nullptr;
    auto budget = std::make_shared<CircuitBudget>();
    budget->bytes_each_way_max = network_.circuits->bytes_each_way_max;
    if (network_.circuits->time_max > Duration::zero())
      budget->ends = network_.world.clock().now() + network_.circuits->time_max;
    return budget;
  }

  void end_in_time(const std::shared_ptr<TestConnection>& connection) {
    if (!connection->budget_ || !connection->budget_->ends) return;
    network_.world.loop().at(*connection->budget_->ends, [weak = std::weak_ptr(connection)] {
      if (const auto still = weak.lock()) still->close();
    });
  }

  TestNetwork& network_;
  sim::Machine& machine_;

 public:
  SkewedClock clock;

 private:
  Env env_;
  PrivateKey key_;
  PeerId peer_id_;
  HostEvents events_;
  std::map<ProtocolId, StreamHandler> handlers_;
  std::vector<std::shared_ptr<TestConnection>> connections_;
  std::unique_ptr<TaskGroup> tasks_;
};

inline TestConnection::TestConnection(TestHost& local, TestHost& remote, Direction direction,
                                      std::shared_ptr<CircuitBudget> budget)
    : local_(local),
      remote_(remote),
      direction_(direction),
      opened_at_(local.env().clock.now()),
      budget_(std::move(budget)) {
  if (budget_) address_ = value_or_throw(Multiaddr::parse("/ip4/198.51.100.1/tcp/1/p2p-circuit"));
}

inline bool TestConnection::send(std::size_t size) {
  if (!budget_) return true;
  const auto theirs = other.lock();
  const bool fits = size <= budget_->left_to_send().value_or(size);
  if (fits) budget_->sent += size;
  if (fits && theirs) theirs->budget_->received += size;
  if (!fits) close();
  return fits;
}

inline const PeerId& TestConnection::remote_peer() const {
  return remote_.peer_id();
}

inline const PublicKey& TestConnection::remote_key() const {
  return remote_.key().public_key();
}

inline Task<StreamPtr> TestConnection::open_stream(ProtocolId protocol) {
  const auto theirs = other.lock();
  if (!open_ || !theirs) throw_error(Errc::kClosed);
  const auto handler = remote_.handlers_.find(protocol);
  const Duration delay = local_.network_.delay;
  if (handler == remote_.handlers_.end()) {
    co_return std::make_unique<testing::UnspokenStream>(local_.env_.clock, 2 * delay);
  }
  auto ends = sim::pipe(local_.network_.world.loop(), {.delay = delay, .faults = local_.network_.faults});
  ++streams_so_far_;
  const auto ours = theirs->other.lock();
  StreamPtr stream = std::make_unique<TestStream>(theirs, std::move(ends.second));
  remote_.tasks_->spawn(handler->second(theirs, std::move(stream)));
  co_return std::make_unique<TestStream>(ours, std::move(ends.first));
}

inline void TestConnection::close() {
  const auto theirs = other.lock();
  break_down();
  if (theirs) theirs->break_down();
}

inline void TestConnection::close_because(std::error_code reason) {
  if (!open_) return;
  end_reason_ = reason;
  const auto theirs = other.lock();
  break_down();
  if (theirs && !cut_) theirs->break_down();
}

inline void TestConnection::cut() {
  cut_ = true;
  if (const auto theirs = other.lock()) theirs->cut_ = true;
}

inline Task<void> TestConnection::pass() {
  while (cut_ && open_) co_await ended_.wait();
  if (cut_) throw_error(Errc::kReset);
}

inline void TestConnection::break_down() {
  if (!open_) return;
  open_ = false;
  ended_.notify_all();
  for (ByteStream* stream : streams_) stream->reset();
  auto& list = local_.connections_;
  const auto self = std::ranges::find_if(list, [this](const auto& each) { return each.get() == this; });
  const std::shared_ptr<TestConnection> keep = *self;
  list.erase(self);
  local_.events_.disconnected.emit(keep);
}

}  // namespace warren::test
