#include "warren/swarm/dial_backoff.hpp"

#include <algorithm>
#include <vector>

#include "warren/core/circuit.hpp"

namespace warren {

namespace {

Duration backoff_after(unsigned earlier_failures) {
  // Beyond this the square is over the maximum, and would one day overflow.
  constexpr unsigned kSquaredMax = 1000;
  const auto squared = std::min(earlier_failures, kSquaredMax) * std::min(earlier_failures, kSquaredMax);
  return std::min(DialBackoff::kBase + squared * DialBackoff::kStep, DialBackoff::kMax);
}

}  // namespace

void DialBackoff::add_failure(const PeerId& peer, const Multiaddr& address, Instant now) {
  unsigned earlier = 0;
  if (const auto entries = peers_.find(peer); entries != peers_.end()) {
    if (const auto found = entries->second.find(address); found != entries->second.end()) {
      if (now < found->second.forgotten_at) earlier = found->second.failures;
      forget(found->second.age);
    }
  }
  make_room(peer, now);
  const Duration wait = backoff_after(earlier);
  const auto age = ages_.insert(ages_.end(), Age{peer, address});
  peers_[peer][address] = {
      .failures = earlier + 1, .until = now + wait, .forgotten_at = now + 2 * wait, .age = age};
}

Instant DialBackoff::until(const PeerId& peer, const Multiaddr& address) const {
  const auto entries = peers_.find(peer);
  if (entries == peers_.end()) return Instant::min();
  const auto found = entries->second.find(address);
  return found == entries->second.end() ? Instant::min() : found->second.until;
}

void DialBackoff::clear(const PeerId& peer) {
  const auto entries = peers_.find(peer);
  if (entries == peers_.end()) return;
  for (const auto& [address, entry] : entries->second) ages_.erase(entry.age);
  peers_.erase(entries);
}

void DialBackoff::clear_circuits(const PeerId& peer) {
  const auto entries = peers_.find(peer);
  if (entries == peers_.end()) return;
  std::vector<Ages::iterator> forgiven;
  for (const auto& [address, entry] : entries->second) {
    if (is_circuit(address)) forgiven.push_back(entry.age);
  }
  for (const Ages::iterator age : forgiven) forget(age);
}

void DialBackoff::clear() {
  peers_.clear();
  ages_.clear();
}

void DialBackoff::forget(Ages::iterator age) {
  const auto entries = peers_.find(age->peer);
  entries->second.erase(age->address);
  if (entries->second.empty()) peers_.erase(entries);
  ages_.erase(age);
}

// Drops what has expired from the old end, and more while there is no room.
void DialBackoff::make_room(const PeerId& peer, Instant now) {
  const auto expired = [&](const Age& age) { return peers_[age.peer][age.address].forgotten_at <= now; };
  while (!ages_.empty() && (ages_.size() >= kEntriesMax || expired(ages_.front()))) forget(ages_.begin());
  const auto entries = peers_.find(peer);
  if (entries == peers_.end() || entries->second.size() < kEntriesPerPeerMax) return;
  const auto soonest = std::ranges::min_element(entries->second, {},
                                                [](const auto& entry) { return entry.second.forgotten_at; });
  forget(soonest->second.age);
}

}  // namespace warren
