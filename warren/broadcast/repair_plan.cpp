#include "warren/broadcast/repair_plan.hpp"

#include <algorithm>

namespace warren {
namespace {

// Most of the time one of those that are asked is in the mesh: so it has what is new.
constexpr std::uint64_t kMeshSize = 8;

}  // namespace

std::optional<PeerId> RepairPlan::next_of(const std::vector<PeerId>& candidates, bool is_missing, Instant now,
                                          Random& random) const {
  if (candidates.empty()) return std::nullopt;
  const auto waited = [this, now](Duration time) { return !last_ || *last_ + time <= now; };
  if (again_) {
    // The first few at once, as many as the other side serves in a burst; then at its rate.
    const bool is_burst = static_cast<double>(in_a_row_) < limits_.repairs_burst / 2;
    const Duration pace =
        std::chrono::ceil<Duration>(std::chrono::duration<double>(1.5 / limits_.repairs_per_second));
    if (is_burst || waited(pace)) return again_;
    return std::nullopt;
  }
  if (!waited(limits_.gap_grace)) return std::nullopt;
  const auto is_new = [this](const PeerId& peer) { return !asked_.contains(peer); };
  if (const auto found = std::ranges::find_if(candidates, is_new); found != candidates.end()) return *found;
  if (is_missing) {
    const auto when = [this](const PeerId& peer) { return asked_.at(peer).at; };
    const PeerId& longest_ago = *std::ranges::min_element(candidates, {}, when);
    if (when(longest_ago) + limits_.compare_interval <= now) return longest_ago;
  }
  if (now < next_compare_) return std::nullopt;
  const bool is_any = random.below(4) == 0;
  return candidates[random.below(is_any ? candidates.size() : std::min(candidates.size(), kMeshSize))];
}

std::optional<PeerId> RepairPlan::choose(const std::vector<PeerId>& candidates, bool is_missing, Instant now,
                                         Random& random) {
  const auto is_candidate = [&](const PeerId& peer) {
    return std::ranges::find(candidates, peer) != candidates.end();
  };
  std::erase_if(asked_, [&](const auto& entry) { return !is_candidate(entry.first); });
  if (again_ && !is_candidate(*again_)) again_.reset();
  auto peer = next_of(candidates, is_missing, now, random);
  if (!peer) return std::nullopt;
  last_ = now;
  asked_[*peer].at = now;
  // Jittered, so that not all subscribers ask in the same moment.
  const auto interval = static_cast<std::uint64_t>(limits_.compare_interval.count());
  next_compare_ = now + limits_.compare_interval * 3 / 4 + Duration(random.below(interval / 2 + 1));
  return peer;
}

void RepairPlan::answered(const PeerId& peer, std::vector<BroadcastRange> gone, bool more, Instant now) {
  asked_[peer] = {now, normalized(std::move(gone))};
  in_a_row_ = more && again_ == peer ? in_a_row_ + 1 : 0;
  again_.reset();
  if (more) again_ = peer;
}

void RepairPlan::failed(const PeerId& peer, Instant now) {
  asked_[peer].at = now;
  if (again_ == peer) again_.reset();
}

BroadcastRanges RepairPlan::hopeless(const BroadcastRanges& missing,
                                     const std::vector<PeerId>& candidates) const {
  if (candidates.empty() || again_) return {};
  BroadcastRanges left = missing;
  for (const PeerId& peer : candidates) {
    if (left.empty()) break;
    const auto found = asked_.find(peer);
    if (found == asked_.end() || !found->second.gone) return {};
    left = common(left, *found->second.gone);
  }
  return left;
}

}  // namespace warren
