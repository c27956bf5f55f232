// Test support: circuits without relays, as a transport that a test node gets. Pipes in memory, with the
// limits that a relay would set; what is in flight when one is reached is lost.
#pragma once

#include <map>
#include <utility>

#include "warren/async/event.hpp"
#include "warren/core/circuit.hpp"
#include "warren/core/transport.hpp"
#include "warren/crypto/peer_id.hpp"
#include "warren/sim/pipe.hpp"
#include "warren/sim/world.hpp"

namespace warren {

class FakeCircuits;

// What all circuits of a test have in common, and who can be reached over one.
struct CircuitNet {
  explicit CircuitNet(sim::World& world) : world(world) {}

  sim::World& world;
  Duration delay = 20ms;                 // one way
  std::uint64_t bytes_each_way_max = 0;  // 0: no limit
  Duration time_max{};                   // zero: no limit
  std::map<PeerId, FakeCircuits*> waiting;
  int dials = 0;
};

// One end of a circuit, which ends both when the limit is reached.
class LimitedPipe final : public ByteStream {
 public:
  using BudgetPtr = std::shared_ptr<CircuitBudget>;
  LimitedPipe(StreamPtr pipe, BudgetPtr own, BudgetPtr others)
      : pipe_(std::move(pipe)), own_(std::move(own)), others_(std::move(others)) {}

  Task<std::size_t> read_some(MutableBytes to) override { return pipe_->read_some(to); }
  Task<void> write(BytesView bytes) override {
    const std::uint64_t left = own_->left_to_send().value_or(bytes.size());
    const std::size_t size = std::min<std::size_t>(left, bytes.size());
    own_->sent += size;
    others_->received += size;
    if (size < bytes.size()) {
      pipe_->reset();
      throw_error(Errc::kReset);
    }
    co_await pipe_->write(bytes);
  }
  Task<void> close_write() override { return pipe_->close_write(); }
  void reset() override { pipe_->reset(); }

 private:
  StreamPtr pipe_;
  BudgetPtr own_;
  BudgetPtr others_;
};

class FakeCircuits final : public Transport {
 public:
  explicit FakeCircuits(CircuitNet& net) : net_(net) {}
  ~FakeCircuits() override {
    std::erase_if(net_.waiting, [this](const auto& entry) { return entry.second == this; });
  }

  // From now on `self` can be reached; it must listen on /p2p-circuit, too.
  void reserve(const PeerId& self) { net_.waiting[self] = this; }
  void lose_reservation(const PeerId& self) { net_.waiting.erase(self); }

  bool handles(const Multiaddr& address) const override { return is_circuit(address); }

  Task<RawConnection> dial(Multiaddr address) override {
    ++net_.dials;
    const auto target = PeerId::of(address);
    if (!target) throw_error(Errc::kBadAddress, address.to_string());
    co_await net_.world.clock().sleep_for(2 * net_.delay);
    const auto found = net_.waiting.find(*target);
    if (found == net_.waiting.end()) throw_error(Errc::kNoReservation);
    FakeCircuits& other = *found->second;
    auto ends = sim::pipe(net_.world.loop(), {.delay = net_.delay});
    const auto ours = new_budget();
    const auto theirs = new_budget();
    const Multiaddr through = address.before_last(Protocol::kP2p);
    other.accepted_.push_back(raw(std::move(ends.second), through, theirs, ours));
    other.changed_.notify_all();
    co_return raw(std::move(ends.first), through, ours, theirs);
  }

  Result<std::unique_ptr<TransportListener>> listen(const Multiaddr& address) override {
    return std::make_unique<Listener>(*this, address);
  }

 private:
  class Listener final : public TransportListener {
   public:
    Listener(FakeCircuits& circuits, Multiaddr address) : circuits_(circuits), address_(std::move(address)) {}
    const Multiaddr& address() const override { return address_; }
    void close() override {
      closed_ = true;
      circuits_.changed_.notify_all();
    }
    Task<RawConnection> accept() override {
      while (circuits_.accepted_.empty() && !closed_) co_await circuits_.changed_.wait();
      if (closed_) throw_error(Errc::kClosed);
      RawConnection next = std::move(circuits_.accepted_.back());
      circuits_.accepted_.pop_back();
      co_return next;
    }

   private:
    FakeCircuits& circuits_;
    Multiaddr address_;
    bool closed_ = false;
  };

  std::shared_ptr<CircuitBudget> new_budget() const {
    auto budget = std::make_shared<CircuitBudget>();
    budget->bytes_each_way_max = net_.bytes_each_way_max;
    if (net_.time_max > Duration::zero()) budget->ends = net_.world.clock().now() + net_.time_max;
    return budget;
  }

  RawConnection raw(StreamPtr pipe, const Multiaddr& through, const std::shared_ptr<CircuitBudget>& own,
                    const std::shared_ptr<CircuitBudget>& others) const {
    auto shared = std::make_shared<LimitedPipe>(std::move(pipe), own, others);
    if (own->ends) {
      net_.world.loop().at(*own->ends, [weak = std::weak_ptr(shared)] {
        if (const auto still = weak.lock()) still->reset();
      });
    }
    return {.stream = std::make_unique<SharedPipe>(std::move(shared)),
            .local = {},
            .remote = through,
            .budget = own->is_limited() ? own : nullptr};
  }

  // The timer may outlive the pipe.
  class SharedPipe final : public ByteStream {
   public:
    explicit SharedPipe(std::shared_ptr<LimitedPipe> pipe) : pipe_(std::move(pipe)) {}
    Task<std::size_t> read_some(MutableBytes to) override { return pipe_->read_some(to); }
    Task<void> write(BytesView bytes) override { return pipe_->write(bytes); }
    Task<void> close_write() override { return pipe_->close_write(); }
    void reset() override { pipe_->reset(); }

   private:
    std::shared_ptr<LimitedPipe> pipe_;
  };

  CircuitNet& net_;
  std::vector<RawConnection> accepted_;
  Event changed_;
};

}  // namespace warren
