#include "warren/protocols/mdns/neighbors.hpp"

#include <algorithm>

namespace warren::mdns {

namespace {

// At 80 % of its life what was announced is asked for, and at 90 % once more.
constexpr int kAskFirst = 8;
constexpr int kAskTimes = 2;
constexpr int kAskParts = 10;

Instant earliest(const std::map<Multiaddr, Instant>& expiries) {
  Instant earliest = Instant::max();
  for (const auto& [address, expires] : expiries) earliest = std::min(earliest, expires);
  return earliest;
}

}  // namespace

Instant Neighbors::Neighbor::ask_at() const {
  return asked < kAskTimes ? heard + ttl * (kAskFirst + asked) / kAskParts : Instant::max();
}

Changes Neighbors::take(const Announcement& announcement, const IpAddress& source, Instant now) {
  Changes changes;
  auto found = neighbors_.find(announcement.name);
  const bool another_peer =
      found != neighbors_.end() && !announcement.peer.empty() && announcement.peer != found->second.peer;
  if (found != neighbors_.end() && (announcement.ttl <= Duration::zero() || another_peer)) {
    remove(found, changes);
    found = neighbors_.end();
  }
  if (announcement.ttl <= Duration::zero() || announcement.addresses.empty()) return changes;

  if (found == neighbors_.end()) {
    if (neighbors_.size() >= limits_.neighbors_max && !make_room(source, changes)) return changes;
    found =
        neighbors_.emplace(announcement.name, Neighbor{.peer = announcement.peer, .source = source}).first;
  }
  if (refresh(found->second, announcement, now)) changes.found.push_back(info(announcement.peer));
  return changes;
}

bool Neighbors::refresh(Neighbor& neighbor, const Announcement& announcement, Instant now) {
  neighbor.heard = now;
  neighbor.ttl = std::min(announcement.ttl, limits_.ttl_max);
  neighbor.asked = 0;
  bool more = false;
  for (const Multiaddr& address : announcement.addresses) {
    auto& expiries = neighbor.expiries;
    if (expiries.size() >= limits_.neighbor_addresses_max && !expiries.contains(address)) {
      const auto by_expiry = [](const auto& a, const auto& b) { return a.second < b.second; };
      const auto oldest = std::ranges::min_element(expiries, by_expiry);
      if (oldest->second >= now + neighbor.ttl) continue;  // of this very announcement
      expiries.erase(oldest);
    }
    more = expiries.insert_or_assign(address, now + neighbor.ttl).second || more;
  }
  return more;
}

bool Neighbors::make_room(const IpAddress& source, Changes& changes) {
  std::map<IpAddress, std::size_t> shares;
  for (const auto& [name, neighbor] : neighbors_) ++shares[neighbor.source];
  const auto by_size = [](const auto& a, const auto& b) { return a.second < b.second; };
  const auto largest = std::ranges::max_element(shares, by_size);
  const auto own = shares.find(source);
  if (largest == shares.end() || (own != shares.end() && own->second >= largest->second)) return false;

  auto oldest = neighbors_.end();
  for (auto it = neighbors_.begin(); it != neighbors_.end(); ++it) {
    if (it->second.source != largest->first) continue;
    if (oldest == neighbors_.end() || it->second.heard < oldest->second.heard) oldest = it;
  }
  remove(oldest, changes);
  return true;
}

Changes Neighbors::expire(Instant now) {
  Changes changes;
  for (auto it = neighbors_.begin(); it != neighbors_.end();) {
    const auto next = std::next(it);
    std::erase_if(it->second.expiries, [now](const auto& entry) { return entry.second <= now; });
    if (it->second.expiries.empty()) remove(it, changes);
    it = next;
  }
  return changes;
}

bool Neighbors::ask_again(Instant now) {
  bool ask = false;
  for (auto& [name, neighbor] : neighbors_) {
    for (; neighbor.ask_at() <= now; ++neighbor.asked) ask = true;
  }
  return ask;
}

std::optional<Instant> Neighbors::next_deadline() const {
  std::optional<Instant> next;
  for (const auto& [name, neighbor] : neighbors_) {
    const Instant at = std::min(neighbor.ask_at(), earliest(neighbor.expiries));
    next = std::min(next.value_or(at), at);
  }
  return next;
}

void Neighbors::remove(Table::iterator neighbor, Changes& changes) {
  const PeerId peer = neighbor->second.peer;
  neighbors_.erase(neighbor);
  const bool still_here =
      std::ranges::any_of(neighbors_, [&](const auto& entry) { return entry.second.peer == peer; });
  if (!still_here) changes.lost.push_back(peer);
}

PeerInfo Neighbors::info(const PeerId& peer) const {
  PeerInfo result{peer, {}};
  for (const auto& [name, neighbor] : neighbors_) {
    if (neighbor.peer != peer) continue;
    for (const auto& [address, expires] : neighbor.expiries) {
      if (std::ranges::find(result.addresses, address) == result.addresses.end()) {
        result.addresses.push_back(address);
      }
    }
  }
  return result;
}

std::vector<PeerInfo> Neighbors::peers() const {
  std::vector<PeerInfo> peers;
  for (const auto& [name, neighbor] : neighbors_) {
    if (std::ranges::count(peers, neighbor.peer, &PeerInfo::id) == 0) peers.push_back(info(neighbor.peer));
  }
  return peers;
}

}  // namespace warren::mdns
