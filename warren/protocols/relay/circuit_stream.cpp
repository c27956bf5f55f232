#include "warren/protocols/relay/circuit_stream.hpp"

#include "warren/async/as_result.hpp"

namespace warren::relay {

namespace {

// The relay's clock started a little before ours.
constexpr Duration kEndSlack = 2s;

}  // namespace

CircuitBudget budget_of(const CircuitLimits& limits, Instant now) {
  CircuitBudget budget{.bytes_each_way_max = limits.bytes_max};
  if (limits.time_max > Duration::zero()) budget.ends = now + limits.time_max;
  return budget;
}

bool CircuitStream::is_used_up() const {
  if (budget_->ends && clock_.now() + kEndSlack >= *budget_->ends) return true;
  // rust-libp2p counts both ways together; and what was in flight when the relay hung up never arrives.
  return budget_->bytes_each_way_max != 0 && budget_->sent + budget_->received >= budget_->bytes_each_way_max;
}

Task<std::size_t> CircuitStream::read_some(MutableBytes to) {
  const auto read = co_await as_result(stream_->read_some(to));
  const bool ended = !read || *read == 0;
  if (ended && is_used_up()) throw_error(Errc::kLimitedByBudget);
  const std::size_t size = value_or_throw(read);
  budget_->received += size;
  co_return size;
}

Task<void> CircuitStream::write(BytesView bytes) {
  budget_->sent += bytes.size();
  const auto written = co_await as_result(stream_->write(bytes));
  if (!written && is_used_up()) throw_error(Errc::kLimitedByBudget);
  value_or_throw(written);
}

}  // namespace warren::relay
