#include "warren/node/path_log.hpp"

#include <algorithm>

namespace warren {

namespace {

template <class T>
void keep(std::deque<T>& kept, const T& value, std::size_t max) {
  kept.push_back(value);
  if (kept.size() > max) kept.pop_front();
}

}  // namespace

PathLog::Entry& PathLog::entry(const PeerId& peer, Instant now) {
  if (entries_.size() >= kPeersMax && !entries_.contains(peer)) {
    entries_.erase(
        std::ranges::min_element(entries_, {}, [](const auto& known) { return known.second.touched; }));
  }
  Entry& entry = entries_[peer];
  entry.touched = now;
  return entry;
}

void PathLog::add(const DialOutcome& outcome, Instant now) {
  keep(entry(outcome.peer, now).attempts, outcome, kAttemptsMax);
}

void PathLog::add(const PunchRound& round, Instant now) {
  Entry& known = entry(round.peer, now);
  ++known.rounds_so_far;
  keep(known.rounds, round, kRoundsMax);
}

std::uint64_t PathLog::rounds_so_far(const PeerId& peer) const {
  const auto found = entries_.find(peer);
  return found == entries_.end() ? 0 : found->second.rounds_so_far;
}

std::vector<DialOutcome> PathLog::attempts(const PeerId& peer) const {
  const auto found = entries_.find(peer);
  if (found == entries_.end()) return {};
  return {found->second.attempts.begin(), found->second.attempts.end()};
}

std::vector<PunchRound> PathLog::rounds(const PeerId& peer) const {
  const auto found = entries_.find(peer);
  if (found == entries_.end()) return {};
  return {found->second.rounds.begin(), found->second.rounds.end()};
}

}  // namespace warren
