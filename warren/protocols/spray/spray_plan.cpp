#include "warren/protocols/spray/spray_plan.hpp"

#include <algorithm>

#include "warren/base/assert.hpp"

namespace warren::spray {

SprayPlan::SprayPlan(std::size_t flows, std::size_t passes, Instant begin)
    : flows_(flows), passes_(passes), due_(begin), next_(begin) {}

SprayPlan::Send SprayPlan::take(Instant now) {
  WARREN_ASSERT(!done());
  const Send send{flow_, pass_ == 0};
  ++flow_;
  step();
  // 10 ms at least: never more than 100 in a second.
  constexpr Duration kShortest = 10ms;
  due_ += kFlowInterval;
  next_ = std::max(due_, now + kShortest);
  return send;
}

void SprayPlan::limit_flows(std::size_t flows) {
  flows_ = std::min(flows_, flows);
  step();
}

void SprayPlan::step() {
  if (flow_ < flows_ || pass_ == passes_) return;
  flow_ = 0;
  ++pass_;
}

}  // namespace warren::spray
