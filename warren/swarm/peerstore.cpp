#include "warren/swarm/peerstore.hpp"

#include <limits>

namespace warren {

namespace {

// What a text or an address takes besides its characters, about.
constexpr std::size_t kTextOverhead = 32;
constexpr std::size_t kAddressOverhead = sizeof(KnownAddress) + 16;

// One part in so many is there for peers that are known by hearsay.
constexpr std::size_t kStrangersPart = 4;

// The source; an address that has led to its peer is worth as much as one that it was reached at.
AddressSource trust(const KnownAddress& address) {
  return address.last_success ? std::max(address.source, AddressSource::kConnected) : address.source;
}

}  // namespace

void MemoryPeerstore::account(Limit& peers, Limit& bytes, Limit& addresses_per_peer) {
  limits_ = {
      .peers_max = peers.max(), .bytes_max = bytes.max(), .addresses_per_peer_max = addresses_per_peer.max()};
  peers_account_ = &peers;
  bytes_account_ = &bytes;
  addresses_account_ = &addresses_per_peer;
}

MemoryPeerstore::Entry& MemoryPeerstore::touch(const PeerId& peer) {
  const auto [found, is_new] = entries_.try_emplace(peer);
  Entry& entry = found->second;
  if (is_new) entry.archived = forgotten_.erase(peer) > 0;
  list(entry, peer, entry.met, ++clock_);
  entry.changed = true;
  return entry;
}

void MemoryPeerstore::list(Entry& entry, const PeerId& peer, bool met, std::uint64_t touched) {
  (entry.met ? met_ : strangers_).erase(entry.touched);
  entry.met = met;
  entry.touched = touched;
  (met ? met_ : strangers_).emplace(touched, peer);
}

void MemoryPeerstore::forget(const PeerId& peer) {
  const auto found = entries_.find(peer);
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  address_counts_.change(entry.counted, 0);
  bytes_ -= entry.bytes;
  (entry.met ? met_ : strangers_).erase(entry.touched);
  if (entry.archived) forgotten_.insert(found->first);
  entries_.erase(found);
  show_use();
}

const PeerId& MemoryPeerstore::least_wanted(const Entry& keep) const {
  const auto oldest = [&](const Ages& ages) {
    auto oldest = ages.begin();
    if (oldest != ages.end() && oldest->first == keep.touched) ++oldest;
    return oldest;
  };
  const auto stranger = oldest(strangers_);
  const auto met = oldest(met_);
  const bool many_strangers = strangers_.size() * kStrangersPart > entries_.size();
  const bool take_stranger = stranger != strangers_.end() && (many_strangers || met == met_.end());
  return take_stranger ? stranger->second : met->second;
}

void MemoryPeerstore::make_room(const Entry& keep) {
  while (entries_.size() > std::max<std::size_t>(limits_.peers_max, 1)) {
    forget(PeerId(least_wanted(keep)));
    if (peers_account_ != nullptr) peers_account_->refuse();
  }
  while (bytes_ > limits_.bytes_max && entries_.size() > 1) {
    forget(PeerId(least_wanted(keep)));
    if (bytes_account_ != nullptr) bytes_account_->refuse();
  }
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
  if (entry.security) bytes += entry.security->size() + kTextOverhead;
  if (entry.key) bytes += 2 * entry.key->data().size();  // its parts, and how it was written
  return bytes;
}

bool MemoryPeerstore::is_met(const Entry& entry) {
  return entry.description || std::ranges::any_of(entry.addresses, [](const KnownAddress& address) {
           return trust(address) >= AddressSource::kConnected;
         });
}

void MemoryPeerstore::settle(Entry& entry) {
  address_counts_.change(entry.counted, entry.addresses.size());
  entry.counted = entry.addresses.size();
  const std::size_t bytes = weight_of(entry);
  bytes_ += bytes - entry.bytes;
  entry.bytes = bytes;
  if (const bool met = is_met(entry); met != entry.met) {
    const PeerId peer = (entry.met ? met_ : strangers_).at(entry.touched);
    list(entry, peer, met, entry.touched);
  }
  make_room(entry);
  show_use();
}

void MemoryPeerstore::show_use() {
  if (peers_account_ == nullptr) return;
  peers_account_->set_used(entries_.size());
  bytes_account_->set_used(bytes_);
  addresses_account_->set_used(address_counts_.greatest());
}

std::pair<int, Instant> MemoryPeerstore::standing(const KnownAddress& address) const {
  const bool expired = address.expires <= expired_until_;
  return {expired ? -1 : static_cast<int>(trust(address)), address.expires};
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
    const auto worst = std::ranges::min_element(
        entry.addresses, {}, [this](const KnownAddress& address) { return standing(address); });
    if (standing(*worst).first > static_cast<int>(source)) return;
    entry.addresses.erase(worst);
  }
  entry.addresses.push_back({.address = address, .source = source, .expires = expires});
}

void MemoryPeerstore::add_addresses(const PeerId& peer, const std::vector<Multiaddr>& addresses,
                                    AddressSource source, Instant expires) {
  Entry& entry = touch(peer);
  for (const Multiaddr& address : addresses) add(entry, address, source, expires);
  settle(entry);
}

bool MemoryPeerstore::add_peer_record(const PeerRecord& record, Instant expires) {
  if (const auto seq = peer_record_seq(record.peer_id); seq && record.seq <= *seq) return false;
  Entry& entry = touch(record.peer_id);
  entry.record_seq = record.seq;
  // What is known of an address that is in both stays.
  std::erase_if(entry.addresses, [&](const KnownAddress& known) {
    return known.source == AddressSource::kPeerRecord &&
           std::ranges::find(record.addresses, known.address) == record.addresses.end();
  });
  for (const Multiaddr& address : record.addresses) add(entry, address, AddressSource::kPeerRecord, expires);
  settle(entry);
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
  Entry& entry = found->second;
  entry.changed = true;
  if (!success) {
    if (known->failures < std::numeric_limits<std::uint32_t>::max()) ++known->failures;
    return;
  }
  known->failures = 0;
  known->last_success = now;
  settle(touch(peer));
}

void MemoryPeerstore::set_description(const PeerId& peer, PeerDescription description) {
  Entry& entry = touch(peer);
  entry.description = std::move(description);
  settle(entry);
}

std::optional<PeerDescription> MemoryPeerstore::description(const PeerId& peer) const {
  const auto found = entries_.find(peer);
  return found == entries_.end() ? std::nullopt : found->second.description;
}

void MemoryPeerstore::set_security(const PeerId& peer, ProtocolId security) {
  Entry& entry = touch(peer);
  entry.security = std::move(security);
  settle(entry);
}

std::optional<ProtocolId> MemoryPeerstore::security(const PeerId& peer) const {
  const auto found = entries_.find(peer);
  return found == entries_.end() ? std::nullopt : found->second.security;
}

void MemoryPeerstore::note_latency(const PeerId& peer, Duration round_trip_time) {
  Entry& entry = touch(peer);
  std::optional<Duration>& held = entry.latency;
  held = held ? (*held * 7 + round_trip_time) / 8 : round_trip_time;  // as TCP smooths it, RFC 6298
  settle(entry);
}

std::optional<Duration> MemoryPeerstore::latency(const PeerId& peer) const {
  const auto found = entries_.find(peer);
  return found == entries_.end() ? std::nullopt : found->second.latency;
}

void MemoryPeerstore::set_key(const PublicKey& key) {
  const PeerId peer = PeerId::from_public_key(key);
  if (peer.public_key()) return;  // the name holds it
  if (const auto held = this->key(peer); held == key) return;
  Entry& entry = touch(peer);
  entry.key = key;
  settle(entry);
}

std::optional<PublicKey> MemoryPeerstore::key(const PeerId& peer) const {
  if (auto inlined = peer.public_key()) return inlined;
  const auto found = entries_.find(peer);
  return found == entries_.end() ? std::nullopt : found->second.key;
}

void MemoryPeerstore::expire(Instant now) {
  expired_until_ = now;
  for (auto& [peer, entry] : entries_) {
    const auto erased = std::erase_if(entry.addresses, [now](const KnownAddress& address) {
      const bool worked = address.last_success && now - *address.last_success < kWorkedLife;
      return address.expires <= now && !worked;
    });
    if (erased == 0) continue;
    entry.changed = true;
    settle(entry);  // there is less of it: nobody has to make room
  }
}

PeerChanges MemoryPeerstore::take_changes(std::size_t max) {
  PeerChanges changes;
  for (auto& [peer, entry] : entries_) {
    if (!entry.changed) continue;
    if (changes.changed.size() >= max) break;
    entry.changed = false;
    entry.archived = true;
    changes.changed.push_back({.id = peer,
                               .addresses = entry.addresses,
                               .record_seq = entry.record_seq,
                               .description = entry.description,
                               .security = entry.security,
                               .latency = entry.latency,
                               .key = entry.key});
  }
  while (!forgotten_.empty() && changes.forgotten.size() < max)
    changes.forgotten.push_back(forgotten_.extract(forgotten_.begin()).value());
  return changes;
}

void MemoryPeerstore::give_back(const PeerChanges& changes) {
  for (const KnownPeer& peer : changes.changed) {
    if (const auto found = entries_.find(peer.id); found != entries_.end()) found->second.changed = true;
  }
  for (const PeerId& peer : changes.forgotten) {
    if (!entries_.contains(peer)) forgotten_.insert(peer);
  }
}

void MemoryPeerstore::restore(KnownPeer peer) {
  const auto found = entries_.find(peer.id);
  const bool changed = found != entries_.end() && found->second.changed;
  Entry& entry = touch(peer.id);
  entry.changed = changed;
  entry.archived = true;
  const bool newer_record = entry.record_seq && entry.record_seq >= peer.record_seq;
  entry.record_seq = std::max(entry.record_seq, peer.record_seq);
  if (!entry.description) entry.description = std::move(peer.description);
  if (!entry.security) entry.security = std::move(peer.security);
  if (!entry.latency) entry.latency = peer.latency;
  if (!entry.key) entry.key = std::move(peer.key);
  for (KnownAddress& address : peer.addresses) {
    const bool known =
        std::ranges::find(entry.addresses, address.address, &KnownAddress::address) != entry.addresses.end();
    if (newer_record && address.source == AddressSource::kPeerRecord) continue;
    if (!known && entry.addresses.size() < limits_.addresses_per_peer_max)
      entry.addresses.push_back(std::move(address));
  }
  settle(entry);
}

std::vector<PeerId> MemoryPeerstore::peers() const {
  std::vector<PeerId> peers;
  for (const auto& [peer, entry] : entries_) peers.push_back(peer);
  return peers;
}

}  // namespace warren
