#include "warren/node/companions.hpp"

#include <algorithm>
#include <utility>

namespace warren {

namespace {

// Before each further try: the peer may be on its way, too.
constexpr Duration kPauses[] = {1s, 2s, 4s, 8s, 16s};

}  // namespace

void Companions::make_room() {
  if (peers_.size() < kPeersMax) return;
  const auto least = std::ranges::min_element(peers_, {}, [](const auto& entry) {
    const Peer& peer = entry.second;
    return std::pair(peer.tie, peer.heard);
  });
  peers_.erase(least);
}

// One dial at a time.
void Companions::schedule(Peer& peer, Instant now) {
  if (peer.dialing) return;
  if (peer.tries <= std::size(kPauses)) peer.due = now + (peer.tries == 0 ? 0s : kPauses[peer.tries - 1]);
}

void Companions::met(const PeerId& peer, Tie tie, Instant now) {
  if (!peers_.contains(peer)) make_room();
  Peer& known = peers_[peer];
  known.tie = std::max(known.tie, tie);
  known.met = now;
  known.heard = now;
  known.lost_at.reset();
  known.due.reset();
}

void Companions::used(const PeerId& peer, Instant now) {
  const auto known = peers_.find(peer);
  if (known == peers_.end()) return;
  known->second.tie = Tie::kPartner;
  known->second.heard = now;
}

void Companions::lost(const PeerId& peer, bool silent, Instant now) {
  const auto known = peers_.find(peer);
  if (known == peers_.end()) return;
  Peer& it = known->second;
  it.lost_at = now;
  if (now - it.met >= kStable) it.tries = 0;
  if (in_unrest(now) || (silent && it.tie == Tie::kPartner)) {
    schedule(it, now);
  } else if (!silent) {
    peers_.erase(known);  // it said goodbye
  }
}

void Companions::unrest(Instant now) {
  changed_at_ = now;
  std::erase_if(peers_, [now](const auto& entry) {
    return entry.second.lost_at && now - *entry.second.lost_at > kRemembered;
  });
  for (auto& [id, peer] : peers_) {
    peer.tries = 0;
    if (peer.lost_at) schedule(peer, now);
  }
}

Tie Companions::tie(const PeerId& peer) const {
  const auto known = peers_.find(peer);
  return known == peers_.end() ? Tie::kDialed : known->second.tie;
}

std::vector<PeerId> Companions::begin(Instant now) {
  std::vector<std::map<PeerId, Peer>::iterator> due;
  std::size_t room = kRedialsMax;
  for (auto it = peers_.begin(); it != peers_.end(); ++it) {
    if (it->second.dialing && room > 0) --room;
    if (it->second.due && *it->second.due <= now) due.push_back(it);
  }
  std::ranges::sort(due, std::ranges::greater(),
                    [](const auto& entry) { return std::pair(entry->second.tie, entry->second.heard); });
  std::vector<PeerId> begun;
  for (const auto& entry : due) {
    entry->second.due.reset();
    if (begun.size() == room) {  // the others have to find us by themselves
      peers_.erase(entry);
      continue;
    }
    entry->second.dialing = true;
    ++entry->second.tries;
    begun.push_back(entry->first);
  }
  return begun;
}

void Companions::ended(const PeerId& peer, Instant now) {
  const auto known = peers_.find(peer);
  if (known == peers_.end()) return;
  known->second.dialing = false;
  if (known->second.lost_at) schedule(known->second, now);
}

Instant Companions::next() const {
  Instant next = Instant::max();
  for (const auto& [id, peer] : peers_) {
    if (peer.due) next = std::min(next, *peer.due);
  }
  return next;
}

}  // namespace warren
