#include "warren/protocols/kad/members.hpp"

#include <algorithm>

#include "warren/core/ip_address.hpp"
#include "warren/protocols/kad/address_policy.hpp"
#include "warren/protocols/kad/limits.hpp"

namespace warren::kad {

Members::Members(Host& host, const Config& config)
    : host_(host),
      config_(config),
      table_(Key::of(host.peer_id()), {.bucket = config.lookup.closest}),
      size_(config.lookup.closest) {}

std::vector<PeerInfo> Members::seeds(const Key& key, std::size_t count) const {
  std::vector<PeerInfo> infos;
  for (const PeerId& peer : table_.seeds(key, count)) infos.push_back({peer, addresses(peer)});
  return infos;
}

bool Members::serves_us(const PeerId& peer) const {
  const auto description = host_.peerstore().description(peer);
  if (!description) return false;
  const auto& protocols = description->protocols;
  return std::ranges::find(protocols, config_.protocol) != protocols.end();
}

void Members::consider(const PeerId& peer) {
  if (host_.connections(peer).empty()) return;
  gone_.erase(peer);
  if (serves_us(peer)) {
    enter(peer);
  } else if (host_.peerstore().description(peer) && table_.remove(peer)) {
    left_.emit(peer, Errc::kProtocolNotSupported);
  }
}

void Members::answered(const ConnectionPtr& connection, bool useful) {
  const PeerId peer = connection->remote_peer();
  gone_.erase(peer);
  suspects_.erase(peer);
  heard_any_ = now();
  if (contains(peer)) {
    table_.set_connected(peer, true, now());
  } else {
    enter(peer);
  }
  table_.note_answer(peer, useful, now());
}

void Members::enter(const PeerId& peer) {
  if (contains(peer)) {
    suspects_.erase(peer);
    return table_.set_connected(peer, true, now());
  }
  const auto connections = host_.connections(peer);
  // A peer that cannot be told to anybody is of no use here.
  if (connections.empty() || addresses(peer).empty()) return;
  std::vector<IpAddress> reached_at;
  for (const ConnectionPtr& connection : connections) {
    if (const auto ip = ip_address_of(connection->remote_address())) reached_at.push_back(*ip);
  }
  const auto added = table_.add(peer, reached_at, now());
  if (added.outcome == RoutingTable::Add::kReplaced) {
    suspects_.erase(added.replaced);
    left_.emit(added.replaced, Errc::kLimitReached);
  }
  if (!contains(peer)) return;
  table_.set_connected(peer, true, now());
  entered_.emit(peer);
}

void Members::failed(const PeerId& peer, std::error_code error, bool for_good) {
  if (!contains(peer)) return;
  const Instant since = suspects_.try_emplace(peer, now()).first->second;
  // The table wants somebody to have answered while this one was being asked. Since it became a suspect is
  // good enough: a refusal comes faster than any answer.
  const bool dead = table_.note_failure(peer, now()) || (since < heard_any_ && since < now());
  if (dead || for_good) remove(peer, error);
}

void Members::disconnected(const PeerId& peer) {
  table_.set_connected(peer, false, now());
}

void Members::remove(const PeerId& peer, std::error_code reason) {
  const bool was_here = contains(peer) || suspects_.contains(peer);
  suspects_.erase(peer);
  table_.remove(peer);
  note_gone(peer);
  if (was_here) left_.emit(peer, reason);
}

std::vector<PeerId> Members::due_probes(Duration interval, std::size_t max) {
  auto due = table_.due_probes(now(), interval, max);
  if (due.size() == max) return due;
  // A connection says less than an answer: over QUIC the end of a process shows after a minute of silence.
  for (const PeerId& peer : table_.peers()) {
    const RoutingTable::Entry& entry = *table_.find(peer);
    const bool quiet = now() - std::max(entry.heard, entry.tried) >= interval;
    if (due.size() < max && entry.connected && quiet) due.push_back(peer);
  }
  if (const auto other = witness(); other && due.size() < max) due.push_back(*other);
  return due;
}

// Nobody has answered since the oldest suspicion: the one that was not heard for longest.
std::optional<PeerId> Members::witness() const {
  if (std::ranges::none_of(suspects_, [&](const auto& entry) { return entry.second >= heard_any_; }))
    return {};
  std::optional<PeerId> longest;
  for (const PeerId& peer : table_.peers()) {
    const RoutingTable::Entry& entry = *table_.find(peer);
    if (entry.failures > 0 || !entry.connected) continue;
    if (!longest || entry.heard < table_.find(*longest)->heard) longest = peer;
  }
  return longest;
}

void Members::note_gone(const PeerId& peer) {
  if (gone_.size() >= kGoneMax) {
    std::erase_if(gone_, [this](const auto& entry) { return entry.second <= now(); });
  }
  if (gone_.size() < kGoneMax) gone_[peer] = now() + kGoneLife;
}

std::vector<Multiaddr> Members::addresses(const PeerId& peer) const {
  const auto connections = host_.connections(peer);
  const AddressScope scope =
      connections.empty() ? AddressScope::kLoopback : distance_to(*connections.front());
  return allowed(config_.filter, scope, host_.peerstore().addresses(peer, now()));
}

void Members::measured(const Key& target, const std::vector<PeerInfo>& nearest) {
  table_.note_refreshed(target, now());
  size_.track(target, nearest, now());
}

std::optional<NetworkSize::Estimate> Members::network_size() const {
  return size_.estimate(now());
}

}  // namespace warren::kad
