#include "warren/protocols/kad/members.hpp"

#include <algorithm>

#include "warren/protocols/kad/address_policy.hpp"
#include "warren/protocols/kad/limits.hpp"

namespace warren::kad {

Members::Members(Host& host, const Config& config) : host_(host), config_(config) {}

std::vector<PeerId> Members::nearest(const Key& key, std::size_t count) const {
  std::vector<PeerId> found = peers();
  std::ranges::sort(found, {}, [&](const PeerId& peer) { return key.distance(Key::of(peer)); });
  if (found.size() > count) found.resize(count);
  return found;
}

std::vector<PeerInfo> Members::seeds(const Key& key, std::size_t count) const {
  std::vector<PeerInfo> infos;
  for (const PeerId& peer : nearest(key, count)) infos.push_back({peer, addresses(peer)});
  return infos;
}

bool Members::contains(const PeerId& peer) const {
  return table_.contains(peer);
}

std::size_t Members::size() const {
  return table_.size();
}

std::vector<PeerId> Members::peers() const {
  return {table_.begin(), table_.end()};
}

std::vector<std::size_t> Members::bucket_sizes() const {
  return {};
}

bool Members::serves_us(const PeerId& peer) const {
  const auto description = host_.peerstore().description(peer);
  return description &&
         std::ranges::find(description->protocols, config_.protocol) != description->protocols.end();
}

void Members::consider(const PeerId& peer) {
  if (host_.connections(peer).empty()) return;
  gone_.erase(peer);
  if (serves_us(peer)) {
    enter(peer);
  } else if (contains(peer) && host_.peerstore().description(peer)) {
    table_.erase(peer);
    left_.emit(peer, Errc::kProtocolNotSupported);
  }
}

void Members::answered(const ConnectionPtr& connection) {
  gone_.erase(connection->remote_peer());
  enter(connection->remote_peer());
}

void Members::enter(const PeerId& peer) {
  if (contains(peer) || addresses(peer).empty()) return;
  table_.insert(peer);
  entered_.emit(peer);
}

void Members::remove(const PeerId& peer, std::error_code reason) {
  note_gone(peer);
  if (table_.erase(peer) == 0) return;
  left_.emit(peer, reason);
}

void Members::note_gone(const PeerId& peer) {
  const Instant now = host_.env().clock.now();
  if (gone_.size() >= kGoneMax) {
    std::erase_if(gone_, [now](const auto& entry) { return entry.second <= now; });
  }
  if (gone_.size() < kGoneMax) gone_[peer] = now + kGoneLife;
}

std::vector<Multiaddr> Members::addresses(const PeerId& peer) const {
  const auto connections = host_.connections(peer);
  // As told to those who are as far away as the peer itself.
  const AddressScope scope = connections.empty() ? AddressScope::kPrivate : distance_to(*connections.front());
  return allowed(config_.filter, scope, host_.peerstore().addresses(peer, host_.env().clock.now()));
}

void Members::measured(const Key&, const std::vector<PeerInfo>&) {}

double Members::network_size() const {
  return 0;
}

std::vector<Bytes> Members::keys_to_refresh() {
  return {};
}

}  // namespace warren::kad
