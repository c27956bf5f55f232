#include "warren/sim/host_peerstore.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace warren::sim {

namespace {

std::uint32_t seconds(Instant instant) {
  const auto count = std::chrono::duration_cast<std::chrono::seconds>(instant.time_since_epoch()).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(count, 0, UINT32_MAX));
}

Instant instant(std::uint32_t seconds) {
  return Instant(std::chrono::seconds(seconds));
}

// Drops the quarter that was touched longest ago; the order stays.
template <class Entry>
void drop_oldest(std::vector<Entry>& entries) {
  std::vector<std::uint32_t> ages;
  for (const Entry& entry : entries) ages.push_back(entry.touched);
  const auto quarter = ages.begin() + static_cast<std::ptrdiff_t>(ages.size() / 4);
  std::ranges::nth_element(ages, quarter);
  std::erase_if(entries, [oldest = *quarter](const Entry& entry) { return entry.touched < oldest; });
}

}  // namespace

void CompactPeerstore::add(std::uint32_t peer, const Multiaddr& address, AddressSource source,
                           Instant expires) {
  const std::uint32_t number = directory_.addresses.number_of(address);
  const auto order = [](const Held& held) { return std::tuple(held.peer, held.address); };
  auto found = std::ranges::lower_bound(held_, std::tuple(peer, number), {}, order);
  if (found == held_.end() || order(*found) != std::tuple(peer, number)) {
    if (held_.size() >= kAddressesMax) {
      drop_oldest(held_);
      found = std::ranges::lower_bound(held_, std::tuple(peer, number), {}, order);
    }
    found = held_.insert(found, Held{.peer = peer, .address = number});
  }
  found->touched = ++clock_;
  found->source = std::max(found->source, source);
  found->expires = std::max(found->expires, seconds(expires));
}

void CompactPeerstore::add_addresses(const PeerId& peer, const std::vector<Multiaddr>& addresses,
                                     AddressSource source, Instant expires) {
  if (addresses.empty()) return;
  const std::uint32_t number = directory_.peers.number_of(peer);
  for (const Multiaddr& address : addresses) add(number, address, source, expires);
}

bool CompactPeerstore::add_peer_record(const PeerRecord& record, Instant expires) {
  Note& known = note(record.peer_id);
  if (known.seq && record.seq <= *known.seq) return false;
  known.seq = record.seq;
  std::erase_if(held_, [peer = known.peer](const Held& held) {
    return held.peer == peer && held.source == AddressSource::kPeerRecord;
  });
  add_addresses(record.peer_id, record.addresses, AddressSource::kPeerRecord, expires);
  return true;
}

std::optional<std::uint64_t> CompactPeerstore::peer_record_seq(const PeerId& peer) const {
  const Note* known = find_note(peer);
  return known == nullptr ? std::nullopt : known->seq;
}

std::span<const CompactPeerstore::Held> CompactPeerstore::held(const PeerId& peer) const {
  const auto number = directory_.peers.find(peer);
  if (!number) return {};
  const auto range = std::ranges::equal_range(held_, *number, {}, &Held::peer);
  return {range.begin(), range.end()};
}

std::vector<KnownAddress> CompactPeerstore::known_addresses(const PeerId& peer, Instant now) const {
  std::vector<KnownAddress> alive;
  for (const Held& entry : held(peer)) {
    if (instant(entry.expires) <= now) continue;
    KnownAddress known{.address = directory_.addresses.value(entry.address),
                       .source = entry.source,
                       .expires = instant(entry.expires),
                       .last_success = {},
                       .failures = entry.failures};
    if (entry.last_success != 0) known.last_success = instant(entry.last_success);
    alive.push_back(std::move(known));
  }
  std::ranges::stable_sort(alive, std::ranges::greater(), &KnownAddress::confidence);
  return alive;
}

std::vector<Multiaddr> CompactPeerstore::addresses(const PeerId& peer, Instant now) const {
  std::vector<Multiaddr> found;
  for (KnownAddress& known : known_addresses(peer, now)) found.push_back(std::move(known.address));
  return found;
}

void CompactPeerstore::note_dial(const PeerId& peer, const Multiaddr& address, bool success, Instant now) {
  const auto number = directory_.addresses.find(address);
  for (const Held& entry : held(peer)) {
    if (entry.address != number) continue;
    Held& changed = held_[static_cast<std::size_t>(&entry - held_.data())];
    changed.failures = success ? 0 : static_cast<std::uint8_t>(std::min(changed.failures + 1, 255));
    if (success) changed.last_success = std::max<std::uint32_t>(seconds(now), 1);
  }
}

CompactPeerstore::Note& CompactPeerstore::note(const PeerId& peer) {
  const std::uint32_t number = directory_.peers.number_of(peer);
  auto found = std::ranges::lower_bound(notes_, number, {}, &Note::peer);
  if (found == notes_.end() || found->peer != number) {
    if (notes_.size() >= kAddressesMax) {
      drop_oldest(notes_);
      found = std::ranges::lower_bound(notes_, number, {}, &Note::peer);
    }
    found = notes_.insert(found, Note{.peer = number});
  }
  found->touched = ++clock_;
  return *found;
}

const CompactPeerstore::Note* CompactPeerstore::find_note(const PeerId& peer) const {
  const auto number = directory_.peers.find(peer);
  if (!number) return nullptr;
  const auto found = std::ranges::lower_bound(notes_, *number, {}, &Note::peer);
  return found != notes_.end() && found->peer == *number ? &*found : nullptr;
}

void CompactPeerstore::set_description(const PeerId& peer, PeerDescription description) {
  note(peer).description = directory_.number_of(description);
}

std::optional<PeerDescription> CompactPeerstore::description(const PeerId& peer) const {
  const Note* known = find_note(peer);
  if (known == nullptr || known->description == Note::kNone) return std::nullopt;
  return directory_.descriptions[known->description];
}

void CompactPeerstore::note_latency(const PeerId& peer, Duration round_trip_time) {
  Note& known = note(peer);
  const auto micros = static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(round_trip_time).count());
  known.latency = known.latency == Note::kNone ? micros : (known.latency / 8 * 7 + micros / 8);
}

std::optional<Duration> CompactPeerstore::latency(const PeerId& peer) const {
  const Note* known = find_note(peer);
  if (known == nullptr || known->latency == Note::kNone) return std::nullopt;
  return std::chrono::microseconds(known->latency);
}

std::vector<PeerId> CompactPeerstore::peers() const {
  std::vector<PeerId> peers;
  std::uint32_t last = Note::kNone;
  for (const Held& entry : held_) {
    if (std::exchange(last, entry.peer) != entry.peer) peers.push_back(directory_.peers.value(entry.peer));
  }
  return peers;
}

}  // namespace warren::sim
