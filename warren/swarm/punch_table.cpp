#include "warren/swarm/punch_table.hpp"

#include <algorithm>

namespace warren {

PunchTable::Place::Place(PunchTable& table, const Endpoint& from, const PeerId& peer, PunchRole role)
    : table_(table), from_(from), peer_(peer), role_(role) {
  PunchedEndpointPtr& entry = table_.endpoints_[from];
  if (!entry) entry = std::make_shared<PunchedEndpoint>();
  entry->expected.push_back({peer, role});
  endpoint_ = entry;
}

PunchTable::Place::~Place() {
  auto& expected = endpoint_->expected;
  const auto mine = std::ranges::find_if(
      expected, [&](const ExpectedPeer& entry) { return entry.peer == peer_ && entry.role == role_; });
  expected.erase(mine);
  if (expected.empty()) table_.endpoints_.erase(from_);
}

PunchedEndpointPtr PunchTable::find(const Endpoint& from) const {
  const auto found = endpoints_.find(from);
  return found == endpoints_.end() ? nullptr : found->second;
}

}  // namespace warren
