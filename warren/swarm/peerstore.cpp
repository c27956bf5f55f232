#include "warren/swarm/peerstore.hpp"

namespace warren {

MemoryPeerstore::Entry& MemoryPeerstore::touch(const PeerId& peer) {
  Entry& entry = entries_[peer];
  by_age_.erase(entry.touched);
  entry.touched = ++clock_;
  by_age_.emplace(entry.touched, peer);
  if (entries_.size() > limits_.peers_max) {
    const auto oldest = by_age_.begin();
    entries_.erase(oldest->second);
    by_age_.erase(oldest);
  }
  return entry;
}

void MemoryPeerstore::add(Entry& entry, const Multiaddr& address, AddressSource source,
                          Instant expires) const {
  const auto known = std::ranges::find(entry.addresses, address, &Address::address);
  if (known != entry.addresses.end()) {
    known->source = std::max(known->source, source);
    known->expires = std::max(known->expires, expires);
    return;
  }
  if (entry.addresses.size() >= limits_.addresses_per_peer_max) {
    // The least trusted goes, and of equals the one that expires first; never a better one than the newcomer.
    const auto worst = std::ranges::min_element(entry.addresses, {}, [](const Address& address) {
      return std::pair(address.source, address.expires);
    });
    if (worst->source > source) return;
    entry.addresses.erase(worst);
  }
  entry.addresses.push_back({address, source, expires});
}

void MemoryPeerstore::add_addresses(const PeerId& peer, const std::vector<Multiaddr>& addresses,
                                    AddressSource source, Instant expires) {
  Entry& entry = touch(peer);
  for (const Multiaddr& address : addresses) add(entry, address, source, expires);
}

bool MemoryPeerstore::add_peer_record(const PeerRecord& record, Instant expires) {
  Entry& entry = touch(record.peer_id);
  if (entry.record_seq && record.seq <= *entry.record_seq) return false;
  entry.record_seq = record.seq;
  std::erase_if(entry.addresses, [](const Address& a) { return a.source == AddressSource::kPeerRecord; });
  for (const Multiaddr& address : record.addresses) add(entry, address, AddressSource::kPeerRecord, expires);
  return true;
}

std::optional<std::uint64_t> MemoryPeerstore::peer_record_seq(const PeerId& peer) const {
  const auto found = entries_.find(peer);
  return found == entries_.end() ? std::nullopt : found->second.record_seq;
}

std::vector<Multiaddr> MemoryPeerstore::addresses(const PeerId& peer, Instant now) const {
  const auto found = entries_.find(peer);
  if (found == entries_.end()) return {};
  std::vector<Address> alive;
  std::ranges::copy_if(found->second.addresses, std::back_inserter(alive),
                       [now](const Address& address) { return address.expires > now; });
  std::ranges::stable_sort(alive, std::ranges::greater(), &Address::source);
  std::vector<Multiaddr> addresses;
  for (const Address& address : alive) addresses.push_back(address.address);
  return addresses;
}

void MemoryPeerstore::set_description(const PeerId& peer, PeerDescription description) {
  touch(peer).description = std::move(description);
}

std::optional<PeerDescription> MemoryPeerstore::description(const PeerId& peer) const {
  const auto found = entries_.find(peer);
  return found == entries_.end() ? std::nullopt : found->second.description;
}

void MemoryPeerstore::set_security(const PeerId& peer, ProtocolId security) {
  touch(peer).security = std::move(security);
}

std::optional<ProtocolId> MemoryPeerstore::security(const PeerId& peer) const {
  const auto found = entries_.find(peer);
  return found == entries_.end() ? std::nullopt : found->second.security;
}

std::vector<PeerId> MemoryPeerstore::peers() const {
  std::vector<PeerId> peers;
  for (const auto& [peer, entry] : entries_) peers.push_back(peer);
  return peers;
}

}  // namespace warren
