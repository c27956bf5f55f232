#include "warren/node/hot_targets.hpp"

#include <algorithm>
#include <cmath>

namespace warren {

namespace {

// Below, a target is as good as never used.
constexpr double kScoreForgotten = 0.01;
constexpr std::uint32_t kDoublingsMax = 16;

}  // namespace

double HotTargets::score(const Target& target, Instant now) const {
  const double half_lives = std::chrono::duration<double>(now - target.counted) / limits_.half_life;
  return target.score * std::exp2(-half_lives);
}

bool HotTargets::is_hot(const Target& target, Instant now) const {
  return target.uses >= 2 && score(target, now) >= limits_.score_min;
}

bool HotTargets::is_hot(const PeerId& peer, Instant now) const {
  const auto found = targets_.find(peer);
  return found != targets_.end() && is_hot(found->second, now);
}

double HotTargets::make_room(Instant now) {
  std::erase_if(targets_, [&](const auto& each) { return score(each.second, now) < kScoreForgotten; });
  if (targets_.size() < limits_.targets_max) return 0;
  const auto least =
      std::ranges::min_element(targets_, {}, [&](const auto& each) { return score(each.second, now); });
  const double taken_over = score(least->second, now);
  targets_.erase(least);
  return taken_over;
}

void HotTargets::note_use(const PeerId& peer, Instant now) {
  if (limits_.targets_max == 0) return;
  auto found = targets_.find(peer);
  if (found == targets_.end()) {
    const double taken_over = make_room(now);
    found = targets_.emplace(peer, Target{.score = taken_over, .counted = now}).first;
  }
  Target& target = found->second;
  target.score = score(target, now) + 1;
  target.counted = now;
  ++target.uses;
}

void HotTargets::note_lost(const PeerId& peer) {
  if (const auto found = targets_.find(peer); found != targets_.end()) found->second.lost = true;
}

bool HotTargets::must_look(const PeerId& peer, const Target& target, Instant now,
                           const Peerstore& known) const {
  if (target.lost) return true;
  const std::vector<KnownAddress> addresses = known.known_addresses(peer, now);
  const auto best = std::ranges::find(addresses, 0U, &KnownAddress::failures);
  return best == addresses.end() || best->expires - now < limits_.refresh_before;
}

std::vector<PeerId> HotTargets::due(Instant now, const Peerstore& known) {
  std::vector<std::pair<double, PeerId>> due;
  for (auto& [peer, target] : targets_) {
    if (!is_hot(target, now)) continue;
    if (!must_look(peer, target, now, known)) {
      target.lookups = 0;
    } else if (target.next_lookup <= now) {
      due.emplace_back(score(target, now), peer);
    }
  }
  std::ranges::stable_sort(due, std::ranges::greater(), &std::pair<double, PeerId>::first);
  if (due.size() > limits_.due_max) due.resize(limits_.due_max);
  std::vector<PeerId> peers;
  for (const auto& [score, peer] : due) peers.push_back(peer);
  return peers;
}

void HotTargets::refreshed(const PeerId& peer, Instant now) {
  const auto found = targets_.find(peer);
  if (found == targets_.end()) return;
  Target& target = found->second;
  target.lost = false;
  const Duration wait = limits_.retry * (std::int64_t{1} << std::min(target.lookups, kDoublingsMax));
  target.next_lookup = now + std::min(wait, limits_.retry_max);
  ++target.lookups;
}

}  // namespace warren
