#include "warren/swarm/peerstore.hpp"

namespace warren {

namespace {

// What a text or an address takes besides its characters, about.
constexpr std::size_t kTextOverhead = 32;
constexpr std::size_t kAddressOverhead = 48;

}  // namespace

void MemoryPeerstore::account(Limit& peers, Limit& bytes, Limit& addresses_per_peer) {
  limits_ = {
      .peers_max = peers.max(), .bytes_max = bytes.max(), .addresses_per_peer_max = addresses_per_peer.max()};
  peers_account_ = &peers;
  bytes_account_ = &bytes;
  addresses_account_ = &addresses_per_peer;
}

MemoryPeerstore::Entry& MemoryPeerstore::touch(const PeerId& peer) {
  Entry& entry = entries_[peer];
  by_age_.erase(entry.touched);
  entry.touched = ++clock_;
  by_age_.emplace(entry.touched, peer);
  if (entries_.size() > std::max<std::size_t>(limits_.peers_max, 1)) {
    forget_oldest();
    if (peers_account_ != nullptr) peers_account_->refuse();
  }
  if (peers_account_ != nullptr) peers_account_->set_used(entries_.size());
  return entry;
}

void MemoryPeerstore::forget_oldest() {
  const auto oldest = by_age_.begin();
  const auto entry = entries_.find(oldest->second);
  resized(entry->second.addresses.size(), 0);
  bytes_ -= entry->second.bytes;
  entries_.erase(entry);
  by_age_.erase(oldest);
}

std::size_t MemoryPeerstore::weight_of(const Entry& entry) {
  std::size_t bytes = 0;
  for (const KnownAddress& address : entry.addresses)
    bytes += address.address.bytes().size() + kAddressOverhead;
  if (entry.description) {
    const PeerDescription& said = *entry.description;
    bytes += said.agent_version.size() + said.protocol_version.size();
    for (const ProtocolId& protocol : said.protocols) bytes += protocol.size() + kTextOverhead;
  }
  return bytes;
}

void MemoryPeerstore::weigh(Entry& entry) {
  const std::size_t bytes = weight_of(entry);
  bytes_ += bytes - entry.bytes;
  entry.bytes = bytes;
  while (bytes_ > limits_.bytes_max && entries_.size() > 1) {
    forget_oldest();
    if (bytes_account_ != nullptr) bytes_account_->refuse();
  }
  if (bytes_account_ != nullptr) bytes_account_->set_used(bytes_);
  if (peers_account_ != nullptr) peers_account_->set_used(entries_.size());
}

void MemoryPeerstore::resized(std::size_t before, std::size_t after) {
  address_counts_.change(before, after);
  if (addresses_account_ != nullptr) addresses_account_->set_used(address_counts_.greatest());
}

void MemoryPeerstore::add(Entry& entry, const Multiaddr& address, AddressSource source, Instant expires) {
  const auto known = std::ranges::find(entry.addresses, address, &KnownAddress::address);
  if (known != entry.addresses.end()) {
    known->source = std::max(known->source, source);
    known->expires = std::max(known->expires, expires);
    return;
  }
  if (entry.addresses.size() >= limits_.addresses_per_peer_max) {
    if (addresses_account_ != nullptr) addresses_account_->refuse();
    if (entry.addresses.empty()) return;
    // The least trusted goes, and of equals the one that expires first; never a better one than the newcomer.
    const auto worst = std::ranges::min_element(entry.addresses, {}, [](const KnownAddress& address) {
      return std::pair(address.source, address.expires);
    });
    if (worst->source > source) return;
    entry.addresses.erase(worst);
  }
  entry.addresses.push_back({.address = address, .source = source, .expires = expires});
}

void MemoryPeerstore::add_addresses(const PeerId& peer, const std::vector<Multiaddr>& addresses,
                                    AddressSource source, Instant expires) {
  Entry& entry = touch(peer);
  const std::size_t before = entry.addresses.size();
  for (const Multiaddr& address : addresses) add(entry, address, source, expires);
  resized(before, entry.addresses.size());
  weigh(entry);
}

bool MemoryPeerstore::add_peer_record(const PeerRecord& record, Instant expires) {
  Entry& entry = touch(record.peer_id);
  if (entry.record_seq && record.seq <= *entry.record_seq) return false;
  entry.record_seq = record.seq;
  const std::size_t before = entry.addresses.size();
  std::erase_if(entry.addresses,
                [](const KnownAddress& a) { return a.source == AddressSource::kPeerRecord; });
  for (const Multiaddr& address : record.addresses) add(entry, address, AddressSource::kPeerRecord, expires);
  resized(before, entry.addresses.size());
  weigh(entry);
  return true;
}

std::optional<std::uint64_t> MemoryPeerstore::peer_record_seq(const PeerId& peer) const {
  const auto found = entries_.find(peer);
  return found == entries_.end() ? std::nullopt : found->second.record_seq;
}

std::vector<KnownAddress> MemoryPeerstore::known_addresses(const PeerId& peer, Instant now) const {
  const auto found = entries_.find(peer);
  if (found == entries_.end()) return {};
  std::vector<KnownAddress> alive;
  std::ranges::copy_if(found->second.addresses, std::back_inserter(alive),
                       [now](const KnownAddress& address) { return address.expires > now; });
  std::ranges::stable_sort(alive, std::ranges::greater(), [](const KnownAddress& address) {
    return std::pair(address.confidence(), address.last_success.value_or(Instant::min()));
  });
  return alive;
}

std::vector<Multiaddr> MemoryPeerstore::addresses(const PeerId& peer, Instant now) const {
  std::vector<Multiaddr> addresses;
  for (KnownAddress& known : known_addresses(peer, now)) addresses.push_back(std::move(known.address));
  return addresses;
}

void MemoryPeerstore::note_dial(const PeerId& peer, const Multiaddr& address, bool success, Instant now) {
  const auto found = entries_.find(peer);
  if (found == entries_.end()) return;
  const auto known = std::ranges::find(found->second.addresses, address, &KnownAddress::address);
  if (known == found->second.addresses.end()) return;
  known->failures = success ? 0 : known->failures + 1;
  if (success) known->last_success = now;
}

void MemoryPeerstore::set_description(const PeerId& peer, PeerDescription description) {
  Entry& entry = touch(peer);
  entry.description = std::move(description);
  weigh(entry);
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

void MemoryPeerstore::note_latency(const PeerId& peer, Duration round_trip_time) {
  std::optional<Duration>& held = touch(peer).latency;
  held = held ? (*held * 7 + round_trip_time) / 8 : round_trip_time;  // as TCP smooths it, RFC 6298
}

std::optional<Duration> MemoryPeerstore::latency(const PeerId& peer) const {
  const auto found = entries_.find(peer);
  return found == entries_.end() ? std::nullopt : found->second.latency;
}

void MemoryPeerstore::set_key(const PublicKey& key) {
  const PeerId peer = PeerId::from_public_key(key);
  if (peer.public_key()) return;  // the name holds it
  touch(peer).key = key;
}

std::optional<PublicKey> MemoryPeerstore::key(const PeerId& peer) const {
  if (auto inlined = peer.public_key()) return inlined;
  const auto found = entries_.find(peer);
  return found == entries_.end() ? std::nullopt : found->second.key;
}

std::vector<PeerId> MemoryPeerstore::peers() const {
  std::vector<PeerId> peers;
  for (const auto& [peer, entry] : entries_) peers.push_back(peer);
  return peers;
}

}  // namespace warren
