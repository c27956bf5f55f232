// The account of every limit (limits.hpp) of a running node.
#pragma once

#include <vector>

#include "warren/core/limit.hpp"
#include "warren/swarm/limits.hpp"

namespace warren {

class LimitTable {
 public:
  explicit LimitTable(const SwarmLimits& limits);
  // Parts of the node hold on to its limits.
  LimitTable(const LimitTable&) = delete;
  LimitTable& operator=(const LimitTable&) = delete;

  // table[&SwarmLimits::connections_max]
  Limit& operator[](std::size_t SwarmLimits::* field);

  // All, in the order of limit_knobs().
  std::vector<LimitUse> use() const;

 private:
  std::vector<Limit> limits_;
};

}  // namespace warren
