// The pipe of a circuit whose relay has set limits: counts what passes, so that those above know what is
// left, and says so when the circuit ended because nothing was.
#pragma once

#include <memory>

#include "warren/core/circuit.hpp"
#include "warren/core/stream.hpp"
#include "warren/env/clock.hpp"
#include "warren/protocols/relay/circuit_limits.hpp"

namespace warren::relay {

// Of a circuit that begins now.
CircuitBudget budget_of(const CircuitLimits& limits, Instant now);

class CircuitStream final : public ByteStream {
 public:
  // The clock outlives it. Bytes count as sent once they are given to write().
  CircuitStream(StreamPtr stream, std::shared_ptr<CircuitBudget> budget, Clock& clock)
      : stream_(std::move(stream)), budget_(std::move(budget)), clock_(clock) {}

  // As those of the stream below; but what ends when the budget is used up, by bytes or by time, ends with
  // kLimitedByBudget. The relay does that, not we: it may be more generous than it said.
  Task<std::size_t> read_some(MutableBytes to) override;
  Task<void> write(BytesView bytes) override;
  Task<void> close_write() override { return stream_->close_write(); }
  void reset() override { stream_->reset(); }

 private:
  bool is_used_up() const;

  StreamPtr stream_;
  std::shared_ptr<CircuitBudget> budget_;
  Clock& clock_;
};

}  // namespace warren::relay
