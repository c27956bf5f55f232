#include "warren/protocols/kad/wire/memory_dht_store.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "warren/protocols/kad/wire/message.hpp"

namespace warren::kad {
namespace {

std::uint64_t size_of(const DhtRecord& record) {
  return record.key.size() + record.value.size();
}

void bound_addresses(PeerInfo& peer) {
  if (peer.addresses.size() > kPeerAddressesMax) peer.addresses.resize(kPeerAddressesMax);
}

// Entries in the order in which they are dropped: others' before our own, of each the first to expire.
template <class Key>
using DropOrder = std::set<std::tuple<bool, WallTime, Key>>;

}  // namespace

struct MemoryDhtStore::Contents {
  using ProviderKey = std::pair<Bytes, PeerId>;

  std::map<Bytes, DhtRecord> records;
  DropOrder<Bytes> record_order;
  std::uint64_t record_bytes = 0;
  std::map<ProviderKey, DhtProvider> providers;
  DropOrder<ProviderKey> provider_order;
  std::map<PeerId, std::uint32_t> keys_of;  // of each provider
  std::vector<PeerInfo> peers;

  void drop_record(const Bytes& key);
  void drop_provider(const ProviderKey& key);
  auto providers_of(BytesView key) {
    const auto begin = providers.lower_bound({to_bytes(key), PeerId()});
    auto end = begin;
    while (end != providers.end() && equal(end->first.first, key)) ++end;
    return std::ranges::subrange(begin, end);
  }
  bool make_room_under(const DhtProvider& provider, std::uint32_t per_key_max);
};

void MemoryDhtStore::Contents::drop_record(const Bytes& key) {
  const auto found = records.find(key);
  if (found == records.end()) return;
  record_bytes -= size_of(found->second);
  record_order.erase({found->second.own, found->second.expires, key});
  records.erase(found);
}

void MemoryDhtStore::Contents::drop_provider(const ProviderKey& key) {
  const auto found = providers.find(key);
  if (found == providers.end()) return;
  provider_order.erase({found->second.own, found->second.expires, key});
  const auto keys = keys_of.find(key.second);
  if (--keys->second == 0) keys_of.erase(keys);
  providers.erase(found);
}

// Of a full key the expired go, and for our own entry the other that expires first.
bool MemoryDhtStore::Contents::make_room_under(const DhtProvider& provider, std::uint32_t per_key_max) {
  std::vector<std::pair<WallTime, ProviderKey>> others;
  std::size_t held = 0;
  for (const auto& [key, entry] : providers_of(provider.key)) {
    ++held;
    if (!entry.own) others.emplace_back(entry.expires, key);
  }
  if (held < per_key_max) return true;
  std::ranges::sort(others);
  for (const auto& [expires, key] : others) {
    if (expires > provider.received && !(provider.own && held >= per_key_max)) break;
    drop_provider(key);
    --held;
  }
  return held < per_key_max;
}

MemoryDhtStore::MemoryDhtStore(MemoryStoreLimits limits) : limits_(limits) {}
MemoryDhtStore::~MemoryDhtStore() = default;

MemoryDhtStore::Contents& MemoryDhtStore::contents() {
  if (!contents_) contents_ = std::make_unique<Contents>();
  return *contents_;
}

Result<> MemoryDhtStore::put_record(const DhtRecord& record) {
  const std::uint64_t size = size_of(record);
  if (size > std::min<std::uint64_t>(limits_.entry_size_max, limits_.record_bytes_max) ||
      limits_.records_max == 0) {
    return fail(Errc::kLimitReached);
  }
  Contents& all = contents();
  const auto held = all.records.find(record.key);
  std::uint64_t count_after = all.records.size() + (held == all.records.end() ? 1 : 0);
  std::uint64_t bytes_after =
      all.record_bytes + size - (held == all.records.end() ? 0 : size_of(held->second));
  // Only when there is room, or will be, does the old one go.
  std::vector<Bytes> dropped;
  DropOrder<Bytes> order;
  if (count_after > limits_.records_max || bytes_after > limits_.record_bytes_max) {
    for (const auto& [own, expires, key] : all.record_order) {
      if (count_after <= limits_.records_max && bytes_after <= limits_.record_bytes_max) break;
      if (key == record.key || (own && expires > record.received)) continue;
      dropped.push_back(key);
      --count_after;
      bytes_after -= size_of(all.records.at(key));
    }
    if (count_after > limits_.records_max || bytes_after > limits_.record_bytes_max)
      return fail(Errc::kLimitReached);
  }
  for (const Bytes& key : dropped) all.drop_record(key);
  all.drop_record(record.key);
  all.record_bytes += size;
  all.record_order.emplace(record.own, record.expires, record.key);
  all.records.emplace(record.key, record);
  return {};
}

Result<DhtRecord> MemoryDhtStore::record(BytesView key, WallTime now) {
  if (!contents_) return fail(Errc::kNotFound);
  const auto found = contents_->records.find(to_bytes(key));
  if (found == contents_->records.end() || found->second.expires <= now) return fail(Errc::kNotFound);
  return found->second;
}

Result<std::vector<DhtRecord>> MemoryDhtStore::own_records() {
  std::vector<DhtRecord> own;
  if (!contents_) return own;
  for (const auto& [key, record] : contents_->records) {
    if (record.own) own.push_back(record);
  }
  return own;
}

Result<> MemoryDhtStore::put_provider(const DhtProvider& provider) {
  Contents& all = contents();
  const Contents::ProviderKey key{provider.key, provider.provider.id};
  if (!all.providers.contains(key)) {
    const auto keys = all.keys_of.find(provider.provider.id);
    if (!provider.own && keys != all.keys_of.end() && keys->second >= limits_.keys_per_provider_max)
      return fail(Errc::kLimitReached);
    if (!all.make_room_under(provider, limits_.providers_per_key_max)) return fail(Errc::kLimitReached);
    if (limits_.providers_max == 0) return fail(Errc::kLimitReached);
    if (all.providers.size() >= limits_.providers_max) {
      const auto& [own, expires, first] = *all.provider_order.begin();
      if (own) return fail(Errc::kLimitReached);
      const Contents::ProviderKey dropped = first;  // the order's own key goes with the entry
      all.drop_provider(dropped);
    }
  }
  all.drop_provider(key);
  DhtProvider& entry = all.providers.emplace(key, provider).first->second;
  bound_addresses(entry.provider);
  all.provider_order.emplace(entry.own, entry.expires, key);
  ++all.keys_of[key.second];
  return {};
}

Result<std::vector<DhtProvider>> MemoryDhtStore::providers(BytesView key, WallTime now, std::size_t limit) {
  std::vector<DhtProvider> found;
  if (!contents_) return found;
  for (const auto& [entry_key, entry] : contents_->providers_of(key)) {
    if (entry.expires > now) found.push_back(entry);
  }
  std::ranges::stable_sort(found, std::greater(), &DhtProvider::received);
  if (found.size() > limit) found.erase(found.begin() + static_cast<std::ptrdiff_t>(limit), found.end());
  return found;
}

Result<std::vector<DhtProvider>> MemoryDhtStore::own_providers() {
  std::vector<DhtProvider> own;
  if (!contents_) return own;
  for (const auto& [key, entry] : contents_->providers) {
    if (entry.own) own.push_back(entry);
  }
  return own;
}

Result<> MemoryDhtStore::disown(BytesView key) {
  if (!contents_) return {};
  Contents& all = *contents_;
  const auto record = all.records.find(to_bytes(key));
  if (record != all.records.end() && record->second.own) {
    all.record_order.erase({true, record->second.expires, record->first});
    record->second.own = false;
    all.record_order.emplace(false, record->second.expires, record->first);
  }
  for (auto& [entry_key, entry] : all.providers_of(key)) {
    if (!entry.own) continue;
    all.provider_order.erase({true, entry.expires, entry_key});
    entry.own = false;
    all.provider_order.emplace(false, entry.expires, entry_key);
  }
  return {};
}

Result<std::size_t> MemoryDhtStore::expire(WallTime now) {
  if (!contents_) return 0;
  std::vector<Bytes> records;
  for (const auto& [key, record] : contents_->records) {
    if (record.expires <= now) records.push_back(key);
  }
  std::vector<Contents::ProviderKey> providers;
  for (const auto& [key, entry] : contents_->providers) {
    if (!entry.own && entry.expires <= now) providers.push_back(key);
  }
  for (const Bytes& key : records) contents_->drop_record(key);
  for (const auto& key : providers) contents_->drop_provider(key);
  return records.size() + providers.size();
}

Result<> MemoryDhtStore::save_peers(const std::vector<PeerInfo>& peers) {
  if (peers.empty() && !contents_) return {};
  const auto count = std::min<std::size_t>(peers.size(), limits_.peers_max);
  contents().peers.assign(peers.begin(), peers.begin() + static_cast<std::ptrdiff_t>(count));
  for (PeerInfo& peer : contents_->peers) bound_addresses(peer);
  return {};
}

Result<std::vector<PeerInfo>> MemoryDhtStore::load_peers() {
  return contents_ ? contents_->peers : std::vector<PeerInfo>();
}

Result<DhtStore::Usage> MemoryDhtStore::usage() {
  if (!contents_) return Usage{};
  return Usage{.records = contents_->records.size(),
               .record_bytes = contents_->record_bytes,
               .providers = contents_->providers.size()};
}

}  // namespace warren::kad
