#include "warren/protocols/spray/spray_budget.hpp"

#include <algorithm>

#include "warren/base/assert.hpp"

namespace warren::spray {

bool SprayBudget::ready(Instant now) {
  expire(now);
  if (running_ || (ended_ && now < *ended_ + kSprayPause)) return false;
  const std::uint64_t wanted = std::min<std::uint64_t>(kEntriesMin, entries_.max());
  return wanted > 0 && entries_.max() - entries_.used() >= wanted;
}

bool SprayBudget::begin(Instant now) {
  if (!ready(now)) {
    entries_.refuse();
    return false;
  }
  running_ = true;
  open_ = 0;
  return true;
}

bool SprayBudget::open() {
  WARREN_ASSERT(running_);
  if (!entries_.take()) return false;
  ++open_;
  return true;
}

void SprayBudget::end(Instant now) {
  WARREN_ASSERT(running_);
  running_ = false;
  ended_ = now;
  if (open_ > 0) past_.push_back({now + kEntryLife, open_});
}

bool SprayBudget::ready_for(const PeerId& peer, const IpAddress& target, Instant now) {
  while (!served_.empty() && served_.front().at + kSprayPerPeer <= now) served_.pop_front();
  return std::ranges::none_of(served_,
                              [&](const Served& each) { return each.peer == peer || each.target == target; });
}

void SprayBudget::begin_for(const PeerId& peer, const IpAddress& target, Instant now) {
  served_.push_back({now, peer, target});
}

void SprayBudget::expire(Instant now) {
  while (!past_.empty() && past_.front().until <= now) {
    entries_.give(past_.front().entries);
    past_.pop_front();
  }
}

std::optional<Instant> SprayBudget::next_expiry() const {
  if (past_.empty()) return std::nullopt;
  return past_.front().until;
}

}  // namespace warren::spray
