#include "warren/swarm/limit_table.hpp"

#include <algorithm>

namespace warren {

LimitTable::LimitTable(const SwarmLimits& limits) {
  for (const LimitKnob& knob : limit_knobs()) limits_.emplace_back(knob.name, knob.about, limits.*knob.field);
}

Limit& LimitTable::operator[](std::size_t SwarmLimits::* field) {
  const auto knobs = limit_knobs();
  const auto found = std::ranges::find(knobs, field, &LimitKnob::field);
  return limits_[found - knobs.begin()];
}

std::vector<LimitUse> LimitTable::use() const {
  std::vector<LimitUse> rows;
  for (const Limit& limit : limits_) rows.push_back(limit.use());
  return rows;
}

}  // namespace warren
